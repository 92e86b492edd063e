/** UTF-8 as a string of one character for each byte: searching and joining these is what JavaScript is fastest at. */
export function bytesOf(text: string): string {
  return isAscii.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

// oxlint-disable-next-line eslint/no-control-regex
const isAscii = /^[\x00-\x7F]*$/;
