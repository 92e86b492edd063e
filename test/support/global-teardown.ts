/** After all tests: nothing stays behind, and what could not be tested is said last. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default async function globalTeardown(): Promise<void> {
  const servers = globalThis.hallpassTestServers;
  await servers?.stop();
  if (servers?.notice) console.warn(`\n${servers.notice}`);
}
