// node --require clock.cjs: the clock of this process is KI_CLOCK_SHIFT milliseconds ahead.
const { now } = Date;
const shift = Number(process.env.KI_CLOCK_SHIFT ?? 0);
Date.now = () => now() + shift;
