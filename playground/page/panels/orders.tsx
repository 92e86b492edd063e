import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SqlResult } from "../../protocol.ts";
import { useLooking } from "../context.ts";
import { usePage } from "../store/page.ts";
import { Roles } from "./roles.tsx";

const samples = [
  ["Read", "select * from orders limit 5;"],
  ["Change", "update orders set status = 'shipped' where id = 1;"],
  ["Who am I?", "select current_user, session_user;"],
] as const;

/** The guarded database, as the person would reach it with psql, and who may do what in it right now. */
export function OrdersPanel(): JSX.Element {
  const { screen } = useLooking();
  return (
    <div class="tool-body">
      {screen.orders.login === null ? (
        <p class="no-login">
          {screen.people.find(({ name }) => name === screen.as)?.realName ?? screen.as} has no login at the
          orders database, so there is nothing to connect with.
        </p>
      ) : (
        <Psql key={screen.as} login={screen.orders.login} />
      )}
      <Roles />
    </div>
  );
}

function Psql({ login }: { readonly login: string }): JSX.Element {
  const { screen, send, say } = useLooking();
  const { sql, setSql } = usePage();
  const [result, setResult] = useState<SqlResult>();
  const [isRunning, setRunning] = useState(false);
  useEffect(() => setResult(undefined), [screen.as]);
  const run = async (): Promise<void> => {
    if (isRunning || sql.trim() === "") return;
    setRunning(true);
    const done = await send({ do: "sql", as: screen.as, sql });
    setRunning(false);
    if (!done.ok) say(done.why);
    else setResult(done.sql);
  };
  return (
    <form
      class="psql"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <p class="login" title={login}>
        <b>psql</b> as <b>{screen.as}</b>
        <code>{login}</code>
      </p>
      <div class="samples">
        {samples.map(([word, text]) => (
          <button key={word} type="button" class="chip-button" onClick={() => setSql(text)}>
            {word}
          </button>
        ))}
      </div>
      <textarea
        class="sql"
        aria-label="SQL"
        data-box="sql"
        data-for={screen.as}
        rows={3}
        spellcheck={false}
        value={sql}
        onInput={(event) => setSql(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void run();
        }}
      />
      <div class="run-row">
        <button type="submit" class="button primary" disabled={isRunning}>
          {isRunning ? "Running …" : "Run"}
        </button>
        <span class="quiet">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
      </div>
      <div class="result" aria-live="polite">
        {result !== undefined && <Result result={result} />}
      </div>
    </form>
  );
}

function Result({ result }: { readonly result: SqlResult }): JSX.Element {
  switch (result.kind) {
    case "error":
      return <pre class="sql-error">{result.text}</pre>;
    case "done":
      return <pre class="sql-done">{result.text}</pre>;
    case "rows":
      return <Rows {...result} />;
  }
}

function Rows({ columns, rows, isCut }: Extract<SqlResult, { kind: "rows" }>): JSX.Element {
  return (
    <>
      <div class="cells-scroll" tabIndex={0} role="region" aria-label="Result">
        <table class="cells">
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={index} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, index) => (
                  <td key={index} class={cell === null ? "is-null" : undefined}>
                    {cell ?? "null"}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet row-count">
        {rows.length === 1 ? "1 row" : `${rows.length} rows`}
        {isCut && ", and more that are not shown"}
      </p>
    </>
  );
}
