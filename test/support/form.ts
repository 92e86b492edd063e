import type { SeenView } from "../../slack-simulator/form.ts";
import type { Person } from "../../slack-simulator/person.ts";
import type { Slack } from "./slack.ts";

type Filled = {
  readonly resource?: string;
  readonly role?: string;
  readonly duration?: string;
  readonly reason?: string;
  readonly ticket?: string;
};

/** Opens the form to ask for access and waits until it shows what may be asked for. */
export async function opensForm(slack: Slack, person: Person): Promise<SeenView> {
  await person.types("/request-access");
  return slack.until(() => {
    const modal = person.modal();
    return modal?.fields.length ? modal : undefined;
  }, `${person.name}'s form`);
}

/** Chooses a resource in the open form and waits for its roles; the options offered, none where they are searched for. */
export async function choosesResource(
  slack: Slack,
  person: Person,
  resource: string,
): Promise<readonly string[]> {
  const known = person.modal()?.privateMetadata;
  const isOther = fieldOf(person, "Resource").value !== resource;
  const updates = slack.calls("views.update").length;
  await person.chooses("Resource", resource);
  // What was typed before may still be followed.
  await slack.until(
    () =>
      slack.calls("views.update").length > updates && (!isOther || person.modal()?.privateMetadata !== known),
    "the form to follow the resource",
  );
  return fieldOf(person, "Role").options;
}

/** Chooses a role in the open form and waits for it to say what will become of it. */
async function choosesRole(slack: Slack, person: Person, role: string): Promise<void> {
  const updates = slack.calls("views.update").length;
  await person.chooses("Role", role);
  await slack.until(() => slack.calls("views.update").length > updates, "the form to follow the role");
}

/** Fills the open form in; what is left out stays as it is. */
export async function fillsForm(
  slack: Slack,
  person: Person,
  { resource, role, duration, reason, ticket }: Filled,
): Promise<void> {
  if (resource !== undefined) await choosesResource(slack, person, resource);
  if (role !== undefined) await choosesRole(slack, person, role);
  if (duration !== undefined) await person.fills("Duration", duration);
  if (reason !== undefined) await person.fills("Reason", reason);
  if (ticket !== undefined) await person.fills("Ticket", ticket);
}

/** A field of the open form. */
export function fieldOf(person: Person, label: string): SeenView["fields"][number] {
  const field = person.modal()?.fields.find((each) => each.label === label);
  if (!field) throw new Error(`${person.name}'s form has no field "${label}"`);
  return field;
}
