//! Where each batch is: in the process, in the page cache, or on the platter.
//!
//! The rule of Linux that matters is kept: a write-back that failed leaves its pages in the cache, readable and counted as
//! clean. A later sync succeeds and writes nothing of them. Only writing the same bytes again makes them dirty.

use crate::engines::Batch;
use crate::simulated::plan::Dice;
use std::collections::BTreeMap;

pub(super) type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// In the memory of the process.
    Applied,
    /// In the page cache, to be written.
    Dirty,
    /// In the page cache, not to be written, and not on the platter.
    Clean,
    /// On the platter, behind something that is not.
    Synced,
}

/// All batches, the oldest first, as far as they are not simply on the platter.
#[derive(Debug, Default)]
pub(super) struct Layers {
    platter: Map,
    above: Vec<(Layer, Batch)>,
}

impl Layers {
    pub(super) fn apply(&mut self, batch: Batch) {
        self.above.push((Layer::Applied, batch));
    }

    /// The first `count` batches of the process go into the page cache.
    pub(super) fn flush(&mut self, count: usize) {
        self.lift(Layer::Applied, Layer::Dirty, count);
    }

    /// The first `count` batches of the page cache go to the platter.
    pub(super) fn sync(&mut self, count: usize) {
        self.lift(Layer::Dirty, Layer::Synced, count);
        self.settle();
    }

    /// What failed to reach the platter counts as written from now on.
    pub(super) fn believe(&mut self) {
        self.lift(Layer::Dirty, Layer::Clean, usize::MAX);
    }

    /// The same bytes are written again, so that a sync has something to do.
    pub(super) fn rewrite(&mut self) {
        self.lift(Layer::Clean, Layer::Dirty, usize::MAX);
    }

    /// How many batches the process holds.
    pub(super) fn applied(&self) -> usize {
        self.count(Layer::Applied)
    }

    /// How many batches a sync would write.
    pub(super) fn dirty(&self) -> usize {
        self.count(Layer::Dirty)
    }

    /// How many batches are readable, on no platter, and would not be written by any sync.
    pub(super) fn clean(&self) -> usize {
        self.count(Layer::Clean)
    }

    /// The process is gone, or the engine was let go: what it alone held is gone with it.
    pub(super) fn lose_process(&mut self) {
        self.above.retain(|(layer, _)| *layer != Layer::Applied);
    }

    /// The page cache is gone. Of what was on its way a random part arrived, in order. A log that lacks a batch in its
    /// middle may end there: then what was synced behind it cannot be reached.
    pub(super) fn lose_power(&mut self, dice: &mut Dice) {
        let on_its_way = self.applied() + self.dirty();
        let mut arrives = dice.below(on_its_way as u64 + 1) as usize;
        let ends_at_a_hole = dice.below(2) == 0;
        for (layer, batch) in std::mem::take(&mut self.above) {
            match layer {
                Layer::Synced => lay(&mut self.platter, &batch),
                Layer::Applied | Layer::Dirty if arrives > 0 => {
                    arrives -= 1;
                    lay(&mut self.platter, &batch);
                }
                Layer::Applied | Layer::Dirty => break,
                Layer::Clean if ends_at_a_hole => break,
                Layer::Clean => {}
            }
        }
    }

    /// What can be read.
    pub(super) fn readable(&self) -> Map {
        let mut rows = self.platter.clone();
        self.above.iter().for_each(|(_, batch)| lay(&mut rows, batch));
        rows
    }

    fn count(&self, layer: Layer) -> usize {
        self.above.iter().filter(|(at, _)| *at == layer).count()
    }

    fn lift(&mut self, from: Layer, to: Layer, count: usize) {
        let there = self.above.iter_mut().filter(|(layer, _)| *layer == from).take(count);
        there.for_each(|(layer, _)| *layer = to);
    }

    fn settle(&mut self) {
        let arrived = self.above.iter().take_while(|(layer, _)| *layer == Layer::Synced).count();
        for (_, batch) in self.above.drain(..arrived) {
            lay(&mut self.platter, &batch);
        }
    }
}

/// Lays a batch over rows.
pub(super) fn lay(rows: &mut Map, batch: &Batch) {
    for (key, value) in batch {
        match value {
            Some(value) => rows.insert(key.clone(), value.clone()),
            None => rows.remove(key),
        };
    }
}
