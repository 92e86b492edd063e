// `NODE_OPTIONS=--import=.../skewed-clock.js TEST_CLOCK_SKEW_MS=60000`: a machine whose clock is wrong by that much.
const skewMs = Number(process.env["TEST_CLOCK_SKEW_MS"]);
const RightDate = Date;

globalThis.Date = class extends RightDate {
  constructor(...given) {
    if (given.length === 0) super(RightDate.now() + skewMs);
    else super(...given);
  }

  static now() {
    return RightDate.now() + skewMs;
  }
};
