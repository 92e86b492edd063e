import type { JSX } from "preact";
import { themes, useTheme } from "../store/theme.ts";
import { Icon, type IconName } from "./icons.tsx";

const icons = { light: "sun", dark: "moon", system: "screen" } as const satisfies Record<string, IconName>;
const words = { light: "Light", dark: "Dark", system: "As the system" } as const;

/** Light, dark, or as the system has it. */
export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useTheme();
  return (
    <fieldset class="theme-switch">
      <legend class="unseen">Theme</legend>
      {themes.map((one) => (
        <label key={one} title={words[one]}>
          <input type="radio" name="theme" checked={theme === one} onChange={() => setTheme(one)} />
          <Icon name={icons[one]} />
          <span class="unseen">{words[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}
