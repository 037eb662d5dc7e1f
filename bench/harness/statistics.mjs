/** @param sorted ascending. */
function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

function ascending(values) {
  return Float64Array.from(values).sort();
}

export function median(values) {
  return quantile(ascending(values), 0.5);
}

/** p10, p50, p99, max and the number of samples. */
export function summary(samples) {
  const sorted = ascending(samples);
  return {
    p10: quantile(sorted, 0.1),
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1),
    samples: sorted.length,
  };
}

/** The quartiles: half of the values lie between p25 and p75. */
export function quartiles(values) {
  const sorted = ascending(values);
  return { p25: quantile(sorted, 0.25), p50: quantile(sorted, 0.5), p75: quantile(sorted, 0.75) };
}

/** The ratio of each round, because what disturbs a round falls on both of its values. */
export function pairedRatios(rounds, referenceRounds) {
  return rounds.map((value, round) => value / referenceRounds[round]);
}
