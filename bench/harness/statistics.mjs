/** @param sorted ascending. */
export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export function median(values) {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** p50, p99, max and the number of samples. */
export function summary(samples) {
  const sorted = Float64Array.from(samples).sort();
  return {
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1),
    samples: sorted.length,
  };
}

/** Ratio of the medians, round by round, and of these the median: what disturbs a round disturbs both. */
export function pairedRatio(rounds, referenceRounds) {
  return median(rounds.map((value, round) => value / referenceRounds[round]));
}
