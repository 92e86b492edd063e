import { useEffect, useState } from "preact/hooks";

const prefix = "hallpass.";

/** What this browser kept under a name, or the fallback where it kept nothing of that kind. */
export function readKept<T>(name: string, isRight: (value: unknown) => value is T, fallback: T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(prefix + name) ?? "null");
    return isRight(value) ? value : fallback;
  } catch {
    // A browser that keeps nothing, or something of another version: the playground works without.
    return fallback;
  }
}

/** State that outlives a reload. */
export function useKept<T>(
  name: string,
  isRight: (value: unknown) => value is T,
  fallback: T,
): readonly [T, (value: T | ((before: T) => T)) => void] {
  const [value, setValue] = useState<T>(() => readKept(name, isRight, fallback));
  useEffect(() => {
    try {
      localStorage.setItem(prefix + name, JSON.stringify(value));
    } catch {
      // Full, or forbidden: then it lasts until the reload.
    }
  }, [name, value]);
  return [value, setValue];
}

/** For `useKept`. */
export function isFlag(value: unknown): value is boolean {
  return typeof value === "boolean";
}
