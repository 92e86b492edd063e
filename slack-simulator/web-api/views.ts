import { textOf, type JsonObject } from "../json.ts";
import { MethodError } from "../method-error.ts";
import type { MethodDeps, Methods } from "./method.ts";

/** views.* */
export function viewMethods({ workspace, views, triggers }: MethodDeps): Methods {
  const shaped = (view: Parameters<typeof views.shape>[0]): JsonObject => ({ view: views.shape(view) });
  const trigger = (args: JsonObject): string =>
    triggers.exchange(args.trigger_id ?? args.interactivity_pointer);
  return {
    "views.open": {
      required: ["view"],
      run: (args) => shaped(views.open(trigger(args), args.view)),
    },
    "views.push": {
      required: ["view"],
      run: (args) => shaped(views.push(trigger(args), args.view)),
    },
    "views.update": {
      required: ["view"],
      run: (args) => {
        const viewId = textOf(args.view_id);
        const externalId = textOf(args.external_id);
        if (viewId === "" && externalId === "") {
          throw new MethodError("invalid_arguments", {
            response_metadata: { messages: ["[ERROR] missing required field: view_id or external_id"] },
          });
        }
        const which = viewId === "" ? { externalId } : { viewId };
        const hash = textOf(args.hash);
        return shaped(views.update(hash === "" ? which : { ...which, hash }, args.view));
      },
    },
    "views.publish": {
      required: ["user_id", "view"],
      run: (args) => {
        const user = workspace.user(textOf(args.user_id));
        if (user === undefined) {
          throw new MethodError("invalid_arguments", {
            response_metadata: { messages: ["[ERROR] invalid `user_id`"] },
          });
        }
        return shaped(views.publish(user.id, args.view, textOf(args.hash) || undefined));
      },
    },
  };
}
