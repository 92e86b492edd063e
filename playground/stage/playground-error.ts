/** The playground cannot do as told; the message says what was expected, what came and what to do. */
export class PlaygroundError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "PlaygroundError";
  }
}
