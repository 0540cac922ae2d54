//! Whatever the order in which ciphertexts arrive.

use proptest::prelude::*;
use whatsapp_rust::wacore::libsignal::protocol::ProtocolAddress;
use whatsapp_rust::wacore_binary::Jid;

use crate::people::address::Directory;
use crate::people::keys::Keys;
use crate::people::ratchet::Sealed;

#[derive(Debug, Clone)]
enum Step {
    /// One side (`true`: Ana) encrypts this many bytes.
    Write(bool, u8),
    /// The other side decrypts one of those on their way, in any order.
    Arrive(bool, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let write = (any::<bool>(), 1_u8..200).prop_map(|(ana, length)| Step::Write(ana, length));
    let arrive = (any::<bool>(), any::<usize>()).prop_map(|(ana, which)| Step::Arrive(ana, which));
    prop::collection::vec(prop_oneof![write, arrive], 1..40)
}

/// Two sides and what is on its way from each.
struct Pair {
    keys: [Keys; 2],
    address: [ProtocolAddress; 2],
    on_the_way: [Vec<(Vec<u8>, Sealed)>; 2],
}

impl Pair {
    fn new() -> Self {
        let directory = Directory::default();
        let address = ["15550001", "15550002"].map(|number| directory.signal_address(&Jid::pn(number)));
        let keys = [0, 1].map(|_| Keys::generate().unwrap());
        Self { keys, address, on_the_way: [Vec::new(), Vec::new()] }
    }

    fn start(&mut self, from: usize) {
        if !self.keys[from].sessions.has(&self.address[1 - from]) {
            let bundle = self.keys[1 - from].for_retry();
            let bundle = whatsapp_rust::NodeBuilder::new("keys").children(bundle).build();
            let registration = self.keys[1 - from].identities.registration;
            self.keys[from].start_session(&self.address[1 - from], &bundle, registration).unwrap();
        }
    }

    fn write(&mut self, from: usize, words: Vec<u8>) {
        self.start(from);
        let sealed = self.keys[from].seal(&self.address[1 - from], &words).unwrap();
        self.on_the_way[from].push((words, sealed));
    }

    fn arrive(&mut self, from: usize, which: usize) -> Result<(), TestCaseError> {
        if self.on_the_way[from].is_empty() {
            return Ok(());
        }
        let which = which % self.on_the_way[from].len();
        let (words, sealed) = self.on_the_way[from].swap_remove(which);
        prop_assert_ne!(&words, &sealed.bytes);
        let opened = self.keys[1 - from].open(&self.address[from], sealed.kind, &sealed.bytes);
        prop_assert_eq!(opened.expect("every message opens"), words);
        let again = self.keys[1 - from].open(&self.address[from], sealed.kind, &sealed.bytes);
        prop_assert!(again.is_err(), "a message opens only once");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_encrypted_is_decrypted_once_in_whichever_order(steps in steps()) {
        let mut pair = Pair::new();
        for (index, step) in steps.into_iter().enumerate() {
            match step {
                Step::Write(ana, length) => pair.write(usize::from(ana), vec![index as u8; length.into()]),
                Step::Arrive(ana, which) => pair.arrive(usize::from(ana), which)?,
            }
        }
        for from in [0, 1] {
            while !pair.on_the_way[from].is_empty() {
                pair.arrive(from, 0)?;
            }
        }
    }
}
