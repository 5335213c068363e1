//! Figures out of samples.

/// The middle of the samples; 0 of none.
pub fn median(samples: impl Iterator<Item = f64>) -> f64 {
    quantile(samples, 0.5)
}

/// The sample below which this share of all lies; 0 of none.
pub fn quantile(samples: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut sorted: Vec<f64> = samples.collect();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
