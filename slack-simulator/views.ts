import { randomBytes } from "node:crypto";
import { valuesOf, withIds } from "./elements.ts";
import { objectOf, objectsOf, textOf, type JsonObject } from "./json.ts";
import { MAX_VIEW_BYTES, viewViolations } from "./limits.ts";
import { MethodError, refusalFor } from "./method-error.ts";
import type { OpenView } from "./model.ts";
import type { Workspace } from "./workspace.ts";

const MAX_STACK = 3;

export interface Views {
  readonly open: (userId: string, definition: unknown) => OpenView;
  readonly push: (userId: string, definition: unknown) => OpenView;
  readonly update: (
    which: { readonly viewId?: string; readonly externalId?: string; readonly hash?: string },
    definition: unknown,
  ) => OpenView;
  readonly publish: (userId: string, definition: unknown, hash?: string) => OpenView;
  /** Replaces what a person entered, or the errors shown to them; the hash stays. */
  readonly change: (
    view: OpenView,
    changes: Partial<Pick<OpenView, "values" | "errors" | "failure">>,
  ) => OpenView;
  /** Takes the view off its stack together with whatever lies above it. */
  readonly close: (view: OpenView) => void;
  readonly closeAll: (userId: string) => void;
  readonly find: (viewId: string) => OpenView | undefined;
  readonly shape: (view: OpenView) => JsonObject;
}

/** The modals and Home tabs people look at. Definitions are checked against Slack's limits; broken ones throw MethodError. */
export function createViews(workspace: Workspace): Views {
  function newView(
    userId: string,
    kind: OpenView["kind"],
    definition: JsonObject,
    below?: OpenView,
  ): OpenView {
    const id = workspace.nextId("V");
    const externalId = textOf(definition.external_id);
    if (
      externalId !== "" &&
      workspace.views().some((view) => textOf(view.definition.external_id) === externalId)
    ) {
      throw new MethodError("duplicate_external_id");
    }
    return {
      id,
      kind,
      userId,
      definition,
      values: valuesOf(objectsOf(definition.blocks)),
      errors: {},
      failure: undefined,
      hash: newHash(workspace),
      rootId: below?.rootId ?? id,
      previousId: below?.id,
    };
  }

  function replace(view: OpenView): OpenView {
    if (view.kind === "home") {
      workspace.putHome(view.userId, view);
    } else {
      const stack = workspace.modals(view.userId);
      workspace.putModals(
        view.userId,
        stack.map((open) => (open.id === view.id ? view : open)),
      );
    }
    return view;
  }

  const find = (viewId: string): OpenView | undefined => workspace.views().find((view) => view.id === viewId);

  return {
    open: (userId, definition) => {
      const view = newView(userId, "modal", readView(definition, "modal"));
      workspace.putModals(userId, [view]);
      return view;
    },
    push: (userId, definition) => {
      const stack = workspace.modals(userId);
      const top = stack.at(-1);
      if (top === undefined) throw new MethodError("not_found");
      if (stack.length >= MAX_STACK) throw new MethodError("push_limit_reached");
      const view = newView(userId, "modal", readView(definition, "modal"), top);
      workspace.putModals(userId, [...stack, view]);
      return view;
    },
    update: ({ viewId, externalId, hash }, definition) => {
      const found = workspace
        .views()
        .find((view) =>
          viewId === undefined ? textOf(view.definition.external_id) === externalId : view.id === viewId,
        );
      if (found === undefined) throw new MethodError("not_found");
      const given = readView(definition, found.kind);
      if (hash !== undefined && hash !== found.hash) throw new MethodError("hash_conflict");
      return replace({
        ...found,
        definition: given,
        values: valuesOf(objectsOf(given.blocks), found.values),
        errors: {},
        failure: undefined,
        hash: newHash(workspace),
      });
    },
    publish: (userId, definition, hash) => {
      const given = readView(definition, "home");
      const current = workspace.home(userId);
      if (hash !== undefined && hash !== current?.hash) throw new MethodError("hash_conflict");
      if (current === undefined) return replace(newView(userId, "home", given));
      return replace({
        ...current,
        definition: given,
        values: valuesOf(objectsOf(given.blocks), current.values),
        hash: newHash(workspace),
      });
    },
    change: (view, changes) => replace({ ...(find(view.id) ?? view), ...changes }),
    close: (view) => {
      const stack = workspace.modals(view.userId);
      const depth = stack.findIndex((open) => open.id === view.id);
      if (depth >= 0) workspace.putModals(view.userId, stack.slice(0, depth));
    },
    closeAll: (userId) => workspace.putModals(userId, []),
    find,
    shape: (view) => viewShape(workspace, view),
  };
}

function readView(definition: unknown, kind: OpenView["kind"]): JsonObject {
  if (definition === undefined || definition === null) {
    throw new MethodError("invalid_arguments", {
      response_metadata: { messages: ["[ERROR] missing required field: view"] },
    });
  }
  if (Buffer.byteLength(JSON.stringify(definition)) > MAX_VIEW_BYTES) throw new MethodError("view_too_large");
  const violations = viewViolations(definition, kind);
  if (violations.length > 0) throw refusalFor("invalid_arguments", violations);
  const view = objectOf(definition);
  return { ...view, blocks: withIds(objectsOf(view.blocks)) };
}

function viewShape(workspace: Workspace, view: OpenView): JsonObject {
  const { definition } = view;
  return {
    id: view.id,
    team_id: workspace.team.id,
    type: view.kind,
    blocks: definition.blocks,
    private_metadata: textOf(definition.private_metadata),
    callback_id: textOf(definition.callback_id),
    state: { values: view.values },
    hash: view.hash,
    title: definition.title ?? null,
    clear_on_close: definition.clear_on_close === true,
    notify_on_close: definition.notify_on_close === true,
    close: definition.close ?? null,
    submit: definition.submit ?? null,
    previous_view_id: view.previousId ?? null,
    root_view_id: view.rootId,
    app_id: workspace.app.id,
    external_id: textOf(definition.external_id),
    app_installed_team_id: workspace.team.id,
    bot_id: workspace.app.botId,
  };
}

function newHash(workspace: Workspace): string {
  return `${Math.trunc(workspace.now() / 1000)}.${randomBytes(4).toString("hex")}`;
}
