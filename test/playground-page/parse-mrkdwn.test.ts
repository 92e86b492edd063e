import fc from "fast-check";
import { fromMarkdown } from "../../playground/page/text/from-markdown.ts";
import type { Inline } from "../../playground/page/text/parse-inline.ts";
import { parseMrkdwn } from "../../playground/page/text/parse-mrkdwn.ts";
import { isSafe } from "../../playground/page/text/safe-url.ts";

/** The line in a shorthand that shows what was understood: `[bold x]`. */
function seen(source: string): string {
  return parseMrkdwn(source)
    .map(({ kind, children }) => {
      const text = shorthand(children);
      return kind === "paragraph" ? text : `[${kind} ${text}]`;
    })
    .join("");
}

function shorthand(tokens: readonly Inline[]): string {
  return tokens
    .map((token) => {
      switch (token.kind) {
        case "text":
          return token.text;
        case "bold":
        case "italic":
        case "strike":
        case "code":
          return `[${token.kind} ${shorthand(token.children)}]`;
        case "emoji":
          return token.emoji;
        case "link":
          return `[link ${token.url} ${token.text}]`;
        case "user":
        case "channel":
        case "usergroup":
          return `[${token.kind} ${token.id} ${token.label}]`;
        case "broadcast":
          return `[broadcast ${token.range}]`;
        case "date":
          return `[date ${token.unix} ${token.format} ${token.url ?? "-"} ${token.fallback}]`;
        case "break":
          return "⏎";
      }
    })
    .join("");
}

describe("what Slack's mrkdwn means", () => {
  test.each([
    ["*bold* _italic_ ~strike~ `code`", "[bold bold] [italic italic] [strike strike] [code code]"],
    ["_*both*_ and *_both_*", "[italic [bold both]] and [bold [italic both]]"],
    ["*<@U1>* *:tada:*", "[bold [user U1 ]] [bold 🎉]"],
    ["<@U1> <@U2|ann>", "[user U1 ] [user U2 ann]"],
    ["<#C1|general> <#C2>", "[channel C1 general] [channel C2 ]"],
    ["<!subteam^S1> <!subteam^S2|@ops>", "[usergroup S1 ] [usergroup S2 @ops]"],
    ["<!here> <!channel> <!everyone>", "[broadcast here] [broadcast channel] [broadcast everyone]"],
    ["<https://a.example/?x=1&amp;y=2|here &amp; now>", "[link https://a.example/?x=1&y=2 here & now]"],
    ["<https://a.example>", "[link https://a.example https://a.example]"],
    ["<mailto:a@b.example|a@b.example>", "[link mailto:a@b.example a@b.example]"],
    ["see https://a.example/x_y_z.", "see [link https://a.example/x_y_z https://a.example/x_y_z]."],
    ["<!date^1700000000^{date} at {time}|then>", "[date 1700000000 {date} at {time} - then]"],
    ["<!date^1^{time}^https://a.example|then>", "[date 1 {time} https://a.example then]"],
    ["<!unknown^x|as labelled>", "as labelled"],
    [":white_check_mark: :not_an_emoji: 10:30:45", "✅ :not_an_emoji: 10:30:45"],
    ["one\ntwo", "one⏎two"],
    ["&gt; said\n&gt;more\nafter", "[quote said⏎more]after"],
    ["before\n> said", "before[quote said]"],
    ["&gt;&gt;&gt;all\nthat\n\nfollows", "[quote all⏎that⏎⏎follows]"],
    ["a\n```\n*b* &lt;c&gt;\n```\nd", "a[pre *b* <c>]d"],
    ["`*a* :tada: &amp;`", "[code *a* :tada: &]"],
    ["```<https://a.example|a>```", "[pre [link https://a.example a]]"],
  ])("%j", (source, expected) => {
    expect(seen(source)).toBe(expected);
  });
});

describe("what only looks like mrkdwn stays text", () => {
  test.each([
    ["snake_case_name and 2*3*4", "snake_case_name and 2*3*4"],
    ["* not bold * and *not closed", "* not bold * and *not closed"],
    ["*over\nlines*", "*over⏎lines*"],
    ["*a _b* c_", "[bold a _b] c_"],
    ["** __ ~~ `` ``````", "** __ ~~ `` ``````"],
    ["``` never closed", "``` never closed"],
    ["a < b <", "a < b <"],
    ["<> <|x", "<> <|x"],
    ["&lt;!channel&gt; &lt;@U1&gt;", "<!channel> <@U1>"],
    ["&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;"],
    ["&quot; &#60; &nbsp;", "&quot; &#60; &nbsp;"],
    ["<nonsense> <a b>", "<nonsense> <a b>"],
    ["", ""],
  ])("%j", (source, expected) => {
    expect(seen(source)).toBe(expected);
  });
});

test("right-to-left text and its emphasis are read as any other", () => {
  expect(seen("*שלום* עולם _مرحبا_")).toBe("[bold שלום] עולם [italic مرحبا]");
  expect(seen("שם_משתנה_ארוך")).toBe("שם_משתנה_ארוך");
});

test("a link to anything but the web or e-mail cannot be opened", () => {
  expect(seen("<javascript:alert(1)|click>")).toBe("[link javascript:alert(1) click]");
  expect(["javascript:alert(1)", "data:text/html,x", "file:///etc", "/x", ""].filter(isSafe)).toEqual([]);
  expect(["https://a.example", "http://a.example", "mailto:a@b.example"].every(isSafe)).toBe(true);
});

test("the longest hostile text is read at once", () => {
  const hostile = [
    "*_~",
    "*a _b ~c ",
    "<",
    "<a",
    "`",
    "``",
    "```",
    ":",
    ":a",
    "&gt;",
    "h",
    "https://)",
    "\n>",
  ];
  const begun = performance.now();
  for (const piece of hostile) {
    const source = piece.repeat(Math.ceil(3000 / piece.length));
    expect(seen(source).length).toBeGreaterThan(0);
  }
  expect(performance.now() - begun).toBeLessThan(1000);
});

test("no text is lost, whatever comes", () => {
  const piece = fc.constantFrom(
    "*",
    "_",
    "~",
    "`",
    "```",
    "<",
    ">",
    "|",
    "\n",
    " ",
    "a",
    "é",
    "🔒",
    ":",
    "@U1",
    "&lt;",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const source = pieces.join("");
      // A label hides its target, as it should.
      fc.pre(!/<[^<>\n]*\|/.test(source));
      const shown = seen(source);
      for (const letter of ["é", "🔒"]) {
        expect(shown.split(letter)).toHaveLength(source.split(letter).length);
      }
    }),
  );
});

test("standard Markdown is shown by the same means", () => {
  const markdown = "# Title\n- **b** and *i* ~~s~~\n> said\n[a](https://a.example) `*c*`";
  expect(seen(fromMarkdown(markdown))).toBe(
    "[bold Title]⏎• [bold b] and [italic i] [strike s][quote said][link https://a.example a] [code *c*]",
  );
  expect(seen(fromMarkdown("<!channel> & <@U1>"))).toBe("<!channel> & <@U1>");
});
