import { useEffect } from "preact/hooks";
import { useKept } from "./kept.ts";

/** In the order of the switch. */
export const themes = ["light", "dark", "system"] as const;
export type Theme = (typeof themes)[number];

/** The theme this browser chose; `public/theme.js` sets the same before the first paint. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useKept("theme", isTheme, "system");
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return [theme, setTheme];
}

function isTheme(value: unknown): value is Theme {
  return themes.some((theme) => theme === value);
}
