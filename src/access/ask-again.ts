import { PeopleChanged } from "../identity/people.ts";

/**
 * What somebody does, from asking who they are on; once more where that changed before it was recorded. Whatever was judged of them
 * may be true of somebody else by then.
 */
export async function askingAgain<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PeopleChanged)) throw error;
    return act();
  }
}
