//! The first bot: it shouts back what you type. `cargo run --example first_bot`

use greenroom::prelude::*;

#[tokio::main]
#[rustfmt::skip] // eight lines, as the documents show them
async fn main() -> Result<Ended> {
    Runtime::builder()
        .assistant("shout", |turn: Turn| async move { Ok(turn.text().to_uppercase().into()) })
        .channel("console", Console::new(), Policy::allow([LOCAL_PERSON]))
        .run().await
}
