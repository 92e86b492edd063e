import { nameToEmoji } from "gemoji";

/** The emoji of a shortcode, written without its colons; undefined where Slack would leave the text as it is. */
export function emoji(shortcode: string): string | undefined {
  const name = shortcode.replace(/::skin-tone-[2-6]$/, "");
  if (Object.hasOwn(slackNames, name)) return slackNames[name];
  return Object.hasOwn(nameToEmoji, name) ? nameToEmoji[name] : flag(name);
}

/** The first of the letters that flags are made of. */
const regionalA = 0x1f1e6;

/** `flag-de`: Slack names each country's flag by its two letters. */
function flag(name: string): string | undefined {
  const country = /^flag-([a-z]{2})$/.exec(name)?.[1];
  return country?.replace(/[a-z]/g, (letter) => String.fromCodePoint(regionalA + letter.charCodeAt(0) - 97));
}

/** What Slack calls otherwise than GitHub, from whom gemoji has its names. */
const slackNames: Readonly<Record<string, string>> = {
  large_red_circle: "🔴",
  large_orange_circle: "🟠",
  large_yellow_circle: "🟡",
  large_green_circle: "🟢",
  large_purple_circle: "🟣",
  large_brown_circle: "🟤",
  large_red_square: "🟥",
  large_green_square: "🟩",
  robot_face: "🤖",
  face_with_cowboy_hat: "🤠",
  simple_smile: "🙂",
  thinking_face: "🤔",
  hugging_face: "🤗",
  white_frowning_face: "☹️",
  rolling_on_the_floor_laughing: "🤣",
  face_with_rolling_eyes: "🙄",
  spiral_calendar_pad: "🗓️",
  the_horns: "🤘",
  sign_of_the_horns: "🤘",
  double_vertical_bar: "⏸️",
  octagonal_sign: "🛑",
  black_square_for_stop: "⏹️",
  "man-shrugging": "🤷‍♂️",
  "woman-shrugging": "🤷‍♀️",
  face_palm: "🤦",
  "man-facepalming": "🤦‍♂️",
  "male-technologist": "👨‍💻",
  "female-technologist": "👩‍💻",
  sleuth_or_spy: "🕵️",
  snow_cloud: "🌨️",
  lightning: "🌩️",
  rain_cloud: "🌧️",
  umbrella_with_rain_drops: "☔",
  mostly_sunny: "🌤️",
  barely_sunny: "🌥️",
};
