//! A bot inside a program of your own. `cargo run --example embed_bot`
//!
//! The channel is a network in memory: your program plays the people. With the console or a linked
//! number in its place, the rest stays as it is.

use greenroom::assistants::echo::Echo;
use greenroom::prelude::*;

const ANA: &str = "+15551234567";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (channel, network) = loopback(LoopbackOptions::default());

    let bot = Runtime::builder()
        .assistant("echo", Echo::default())
        .channel("front", channel, Policy::allow([ANA]))
        .memory_store() // or .store_path("./data"), and nothing is lost by a crash
        .start()
        .await?;

    network.deliver("main", said::text("+15557654321", "let me in")).await; // a stranger gets silence
    network.deliver("main", said::text(ANA, "hello")).await;
    let answers = network.sent_to_reached(ANA, 1).await;
    println!("Ana wrote hello and was told: {}", answers[0].words());
    println!("messages sent: {}", network.sent_count());

    let ana: Address = ANA.parse()?;
    bot.send(&ana, "good morning").await?; // on disk when it returns; only to those who are admitted
    let sent = network.sent_to_reached(ANA, 2).await;
    println!("The bot spoke first: {}", sent[1].words());

    bot.drain().await;
    Ok(())
}
