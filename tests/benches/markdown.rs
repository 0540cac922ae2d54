//! What it takes to render an answer as language models write it.

use crate::setup::{median, row};
use greenroom_contract::capabilities::Marks;
use greenroom_engine::rendered_markdown;
use std::hint::black_box;
use std::time::Instant;

/// How long the answer is: a screen and a half on a phone.
const BYTES: usize = 4 * 1024;
const RUNS: usize = 2_000;

/// Every kind of mark once; about 600 bytes.
const SAMPLE: &str = "\
# How to *bake* bread

You need **flour**, _water_ and ***patience***; see [the recipe](https://bread.example/sour_dough?step=2#oven).

1. Mix `500 g` of flour with 350 ml of water.
2. Wait ~~one hour~~ a night:
   - in the fridge, or
   - beside the **oven**

> A good crust
> > needs steam.

| flour | water | hours |
|-------|-------|-------|
| 500 g | 350 ml | 12 |
| 1 kg | `700` ml | 14 |

```rust
let snake_case_name = 2 * water / flour; // **not bold**
```

- [x] knead
- [ ] bake at <b>230 °C</b> for 2 * 20 minutes

";

pub(crate) fn rendering() {
    let text: String = SAMPLE.repeat(BYTES / SAMPLE.len() + 1).chars().take(BYTES).collect();
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        black_box(rendered_markdown(black_box(&text), Marks::WhatsApp));
        times.push(started.elapsed());
    }
    row("4 KB of Markdown, rendered, median", "-", &format!("{:.1?}", median(times)));
}
