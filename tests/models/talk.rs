//! What people say reaches the model as theirs, and what it says reaches them.

use super::setup::Setup;
use crate::support::setup::ANA;
use greenroom_channel_loopback::said;
use greenroom_contract::trace::Decision;
use greenroom_simulator_models::{ModelServer, Protocol, Role};

#[tokio::test(flavor = "multi_thread")]
async fn each_protocol_answers_and_remembers() {
    for protocol in Protocol::ALL {
        let server = ModelServer::scripted(
            r#"
            when says contains "milk"
              say You said it was **milk**.
            otherwise
              say Grüße, what is it?
            "#,
        )
        .await;
        let bot = Setup::new().start(&server, protocol).await;
        let first = bot.hears(said::text(ANA, "it is tea")).await;
        assert_eq!(bot.answers(ANA).await, ["Grüße, what is it?"], "{protocol}: {}", bot.why(&first).await);
        bot.hears(said::text(ANA, "no, milk")).await;
        assert_eq!(bot.answers(ANA).await.len(), 2, "{protocol}");
        server.assert_no_violations();
        let asked = server.last().expect("it was asked");
        assert!(!asked.system.contains("milk") && !asked.system.contains("tea"), "{}", asked.system);
        let (people, model) = (asked.texts_of(Role::User).join("\n"), asked.texts_of(Role::Assistant).join("\n"));
        assert!(people.contains("it is tea") && people.contains("no, milk"), "{people}");
        assert!(model.contains("Grüße") && !model.contains("tea"), "{model}");
        let spent = bot.decisions(&first).await.into_iter().find_map(|decision| match decision {
            Decision::Spent { tokens_in, tokens_out, .. } => Some((tokens_in, tokens_out)),
            _ => None,
        });
        assert!(spent.is_some_and(|(tokens_in, tokens_out)| tokens_in > 0 && tokens_out > 0), "{spent:?}");
        bot.promises_kept();
    }
}

/// A picture of four pixels.
pub(super) const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0xc9, 0xfe, 0x92, 0xef,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_seen_and_a_voice_note_is_heard() {
    for protocol in Protocol::ALL {
        let server = ModelServer::scripted("otherwise\n  say I see.\n").await;
        let bot = Setup { model: "images = true".to_owned(), ..Setup::new() }.start(&server, protocol).await;
        bot.hears(said::image(ANA, PNG, Some("who is it?"))).await;
        assert_eq!(bot.answers(ANA).await, ["I see."], "{protocol}");
        let asked = server.last().expect("it was asked");
        let pictures = asked.pictures();
        assert_eq!(pictures.len(), 1, "{protocol}");
        assert!(pictures[0].0.starts_with("image/") && !pictures[0].1.is_empty());
        assert!(asked.texts_of(Role::User).join("\n").contains("who is it?"));
        bot.hears(said::voice(ANA, "buy some milk")).await;
        assert_eq!(bot.answers(ANA).await.len(), 2, "{protocol}");
        let asked = server.last().expect("it was asked");
        assert!(asked.texts_of(Role::User).join("\n").contains("buy some milk"), "{protocol}");
        server.assert_no_violations();
    }
}
