//! Setting aside what a reader found damaged.

use crate::format::envelope::Damage;
use crate::write::job::Operation;
use crate::write::txn::{Fail, Txn};

/// A damaged record, as a reader found it.
pub(crate) struct SetAside {
    pub(crate) key: Vec<u8>,
    pub(crate) damage: Damage,
    /// Its first value as it was read; if it is another one by now, nothing is done.
    pub(crate) value: Vec<u8>,
}

impl Operation for SetAside {
    type Output = ();

    fn run(&self, txn: &mut Txn<'_>) -> Result<(), Fail> {
        if txn.raw(&self.key)?.as_ref() == Some(&self.value) {
            txn.set_aside(&self.key, &self.damage)?;
        }
        Ok(())
    }
}
