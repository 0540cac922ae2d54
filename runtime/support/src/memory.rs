//! A bounded memory for adapters: what was not touched for long is forgotten first.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations of a map. When the young one is full it becomes the old one, and what the old one held is
/// forgotten; touching an entry moves it to the young one. So between `size` and twice `size` entries are remembered,
/// at the cost of a hash look-up.
#[derive(Debug)]
pub struct Memory<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    size: usize,
}

impl<K: Eq + Hash + Clone, V> Memory<K, V> {
    /// Remembers at least `size` entries, and at most twice as many.
    pub fn new(size: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), size }
    }

    /// The value of a key. Looking is not touching.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// All that is remembered, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }

    /// Puts a value in place of what was there.
    pub fn put(&mut self, key: &K, value: V) {
        self.remove(key);
        self.entry(key, || value);
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// The value of a key, put in if it is new.
    pub fn entry(&mut self, key: &K, default: impl FnOnce() -> V) -> &mut V {
        if !self.young.contains_key(key) {
            let value = self.old.remove(key).unwrap_or_else(default);
            if self.young.len() >= self.size {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key.clone(), value);
        }
        self.young.get_mut(key).expect("it was just put in")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_what_was_not_touched() {
        let mut memory = Memory::new(10);
        for i in 0..1000_u32 {
            memory.entry(&7, || 0);
            *memory.entry(&(i + 100), || i) += 1;
            assert!(memory.young.len() <= 10 && memory.old.len() <= 10);
        }
        assert_eq!(memory.get(&7), Some(&0));
        assert_eq!(memory.get(&1099), Some(&1000));
        assert_eq!(memory.get(&100), None);
        let mut keys: Vec<u32> = memory.iter().map(|(key, _)| *key).collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((keys.len(), all), (all, memory.young.len() + memory.old.len()), "each is there once");
    }
}
