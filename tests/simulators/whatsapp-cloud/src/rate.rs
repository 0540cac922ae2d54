//! Token buckets on the simulated clock.

use std::collections::HashMap;

/// One bucket.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at_ms: u64,
}

/// Buckets by key, all of one size. Full buckets are forgotten, so the map stays as small as the traffic.
#[derive(Debug)]
pub(crate) struct Buckets {
    burst: f64,
    per_ms: f64,
    by_key: HashMap<String, Bucket>,
}

/// Buckets in memory before the full ones are swept out.
const SWEEP_AT: usize = 10_000;

impl Buckets {
    pub(crate) fn new(burst: u32, per_second: f64) -> Self {
        Self { burst: f64::from(burst), per_ms: per_second / 1000.0, by_key: HashMap::new() }
    }

    fn filled(&self, bucket: Bucket, now_ms: u64) -> f64 {
        (bucket.tokens + now_ms.saturating_sub(bucket.at_ms) as f64 * self.per_ms).min(self.burst)
    }

    /// Takes one token; `false` if there is none. What is forced comes in even if there is none.
    pub(crate) fn take(&mut self, key: &str, now_ms: u64, force: Force) -> bool {
        if self.by_key.len() >= SWEEP_AT {
            let (burst, per_ms) = (self.burst, self.per_ms);
            self.by_key.retain(|_, b| b.tokens + now_ms.saturating_sub(b.at_ms) as f64 * per_ms < burst);
        }
        let bucket = self.by_key.get(key).copied().unwrap_or(Bucket { tokens: self.burst, at_ms: now_ms });
        let tokens = self.filled(bucket, now_ms);
        if tokens < 1.0 && force == Force::No {
            return false;
        }
        let left = if tokens < 1.0 { tokens } else { tokens - 1.0 };
        self.by_key.insert(key.to_owned(), Bucket { tokens: left, at_ms: now_ms });
        true
    }
}

/// Whether a token is taken even when there is none, as incoming messages do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut pair = Buckets::new(2, 1.0 / 6.0);
        assert!(pair.take("a", 0, Force::No));
        assert!(pair.take("a", 0, Force::No));
        assert!(!pair.take("a", 5_000, Force::No));
        assert!(pair.take("b", 5_000, Force::No));
        assert!(pair.take("a", 6_000, Force::No));
        assert!(!pair.take("a", 6_001, Force::No));
    }
}
