import { PeopleChanged } from "../../identity/people.ts";

/**
 * Runs `act`, which starts by identifying the person. If their identity changed before the result was recorded, runs it once more:
 * what was judged may be true of somebody else.
 */
export async function retryIfPersonChanged<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PeopleChanged)) throw error;
    return act();
  }
}
