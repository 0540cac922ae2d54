//! A bot inside a program of your own. `cargo run --example embed_bot`
//!
//! The channel is a network in memory: your program plays the people. With the console or a linked
//! number in its place, the rest stays as it is.

use greenroom::Runtime;
use greenroom::assistants::echo::Echo;
use greenroom::channels::loopback::{Options, loopback, said};
use greenroom::contract::policy::ChannelPolicy;

const ANA: &str = "+15551234567";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (channel, network) = loopback(Options::default());
    let mut policy = ChannelPolicy::new("echo".parse()?);
    policy.allow_from = vec![ANA.parse()?];

    let bot = Runtime::builder()
        .assistant("echo", Echo::default())
        .channel("front", channel, policy)
        .memory_store() // or .store_path("./data"), and nothing is lost by a crash
        .build()?
        .start()
        .await?;

    network.deliver("main", said::text("+15557654321", "let me in")).await; // a stranger gets silence
    network.deliver("main", said::text(ANA, "hello")).await;
    let answers = network.sent_to_reached(ANA, 1).await;
    println!("Ana wrote hello and was told: {}", answers[0].words());

    bot.drain().await;
    println!("messages sent: {}", network.sent_count());
    Ok(())
}
