use super::*;

const LIVE: Style = Style { live: true, colours: true };
const PIPE: Style = Style { live: false, colours: false };
const LARGE: Size = Size { columns: 120, rows: 60 };
const USUAL: Size = Size { columns: 80, rows: 24 };

fn live(size: fn() -> Size) -> Screen<Vec<u8>> {
    Screen::new(Vec::new(), LIVE, size, "greenroom link front --code +NUMBER".to_owned())
}

fn pipe() -> Screen<Vec<u8>> {
    Screen::new(Vec::new(), PIPE, || USUAL, String::new())
}

/// As long as the codes of WhatsApp.
fn code(number: u32) -> String {
    format!("2@{},{number}", "AbCdEfGh0123456789+/".repeat(11))
}

fn qr(number: u32, valid_until_ms: u64) -> LinkProgress {
    let guidance = "Scan it with the phone. WhatsApp: Settings > Linked devices > Link a device.".to_owned();
    let (form, code) = (CodeForm::Qr, code(number));
    let step = Some(LinkStepView::Show { form, code, guidance, valid_until_ms, number, of: 6 });
    LinkProgress { sequence: u64::from(number), running: true, step }
}

fn nothing() -> LinkProgress {
    LinkProgress { sequence: 9, running: true, step: None }
}

/// A terminal: what stands on its own screen, and what is left on the usual one.
#[derive(Default)]
struct Terminal {
    own: Option<Vec<String>>,
    usual: String,
}

impl Terminal {
    fn after(written: &[u8]) -> Self {
        let mut terminal = Self::default();
        let mut text = std::str::from_utf8(written).unwrap();
        while !text.is_empty() {
            if let Some(rest) = text.strip_prefix(OWN_SCREEN) {
                assert!(terminal.own.replace(vec![String::new()]).is_none(), "opened once");
                text = rest;
            } else if let Some(rest) = text.strip_prefix(USUAL_SCREEN) {
                assert!(terminal.own.take().is_some(), "closed once");
                text = rest;
            } else if let Some(rest) = text.strip_prefix(CLEARED) {
                *terminal.own.as_mut().expect("only its own screen is cleared") = vec![String::new()];
                text = rest;
            } else if let Some(rest) = text.strip_prefix('\x1b') {
                let end = rest.find('m').expect("colours only") + 1;
                text = &rest[end..];
            } else {
                let first = text.chars().next().unwrap();
                match (&mut terminal.own, first) {
                    (None, _) => terminal.usual.push(first),
                    (Some(lines), '\n') => lines.push(String::new()),
                    (Some(lines), _) => lines.last_mut().unwrap().push(first),
                }
                text = &text[first.len_utf8()..];
            }
        }
        terminal
    }

    fn lines(&self) -> &[String] {
        self.own.as_ref().expect("the frame is shown")
    }
}

#[test]
fn one_code_replaces_another_and_leaves_nothing_behind() {
    let mut screen = live(|| LARGE);
    screen.show(&qr(1, 60_000), 0).unwrap();
    let first = Terminal::after(&screen.out);
    assert_eq!(first.lines().last().unwrap(), "code 1 of 6, 60 s left ");
    screen.tick(12_500).unwrap();
    let later = Terminal::after(&screen.out);
    assert_eq!(
        (later.lines().len(), later.lines().last().unwrap().as_str()),
        (first.lines().len(), "code 1 of 6, 48 s left ")
    );
    screen.show(&qr(2, 80_000), 60_000).unwrap();
    let second = Terminal::after(&screen.out);
    assert_eq!(second.lines().last().unwrap(), "code 2 of 6, 20 s left ");
    assert_ne!(second.lines()[4..12], first.lines()[4..12], "another picture");
    screen.clear().unwrap();
    let end = Terminal::after(&screen.out);
    assert!(end.own.is_none() && end.usual.is_empty(), "no code stays in the window's history");
}

#[test]
fn a_dead_code_is_taken_away_even_if_no_other_step_comes() {
    let mut screen = live(|| LARGE);
    screen.show(&nothing(), 0).unwrap();
    assert_eq!(Terminal::after(&screen.out).lines(), ["waiting for the network ...", ""]);
    screen.show(&qr(1, 60_000), 0).unwrap();
    screen.tick(60_000).unwrap();
    assert_eq!(Terminal::after(&screen.out).lines(), ["waiting for the next code ...", ""]);
    screen.show(&qr(1, 60_000), 60_001).unwrap();
    assert_eq!(Terminal::after(&screen.out).lines(), ["waiting for the next code ...", ""], "it does not come back");
    screen.show(&qr(2, 80_000), 61_000).unwrap();
    assert!(Terminal::after(&screen.out).lines().len() > 10);
}

/// A code of WhatsApp has more rows than a usual window.
#[test]
fn a_window_that_is_too_small_gets_a_sentence_and_never_a_part_of_a_code() {
    let screen = live(|| LARGE);
    let whole = qr::lines(&code(1), true).unwrap();
    // At the edge, where one more or less decides, and far from it. Making a code takes a while.
    let columns = [0, 1, 40, whole.columns - 1, whole.columns, whole.columns + 1, 79];
    let rows = [0, 1, 24, whole.lines.len() + 1, whole.lines.len() + 2, whole.lines.len() + 3, 60];
    for (columns, rows) in columns.into_iter().flat_map(|columns| rows.map(|rows| (columns, rows))) {
        let drawn = screen.drawn_code(&code(1), "Scan it.", Size { columns, rows }).unwrap();
        let has_code = drawn.starts_with(&whole.lines);
        // Beside the code there are its sentence and the countdown.
        assert_eq!(has_code, columns >= whole.columns && rows >= whole.lines.len() + 2, "{columns} x {rows}");
        assert!(has_code || drawn.last().unwrap().contains("greenroom link front --code"), "{drawn:?}");
    }
}

#[test]
fn in_a_usual_window_every_line_fits() {
    let mut screen = live(|| USUAL);
    let steps = [
        qr(1, 60_000),
        LinkProgress {
            step: Some(LinkStepView::Wait { guidance: "do this and that ".repeat(20), valid_until_ms: Some(90_000) }),
            ..nothing()
        },
    ];
    for step in steps {
        screen.show(&step, 0).unwrap();
        let shown = Terminal::after(&screen.out);
        assert!(shown.lines().len() <= USUAL.rows, "{:?}", shown.lines());
        assert!(shown.lines().iter().all(|line| line.chars().count() < 78), "{:?}", shown.lines());
    }
    screen.show(&qr(1, 60_000), 0).unwrap();
    let text = Terminal::after(&screen.out).lines().join(" ");
    assert!(text.contains("This window has 80 x 24 characters") && text.contains("--code +NUMBER"), "{text}");
}

#[test]
fn a_window_that_grows_shows_the_code_a_second_later() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static GROWN: AtomicBool = AtomicBool::new(false);
    let mut screen = live(|| if GROWN.load(Ordering::Relaxed) { LARGE } else { USUAL });
    screen.show(&qr(1, 60_000), 0).unwrap();
    let small = Terminal::after(&screen.out).lines().len();
    GROWN.store(true, Ordering::Relaxed);
    screen.tick(0).unwrap();
    assert!(Terminal::after(&screen.out).lines().len() > small + 10);
}

#[test]
fn in_a_pipe_codes_are_text_and_nothing_is_said_twice() {
    let mut screen = pipe();
    screen.show(&nothing(), 0).unwrap();
    screen.show(&nothing(), 0).unwrap();
    screen.show(&qr(1, 60_000), 0).unwrap();
    screen.tick(1_000).unwrap();
    screen.show(&qr(2, 80_000), 60_000).unwrap();
    screen.clear().unwrap();
    let text = String::from_utf8(screen.out.clone()).unwrap();
    let (first, second) = (code(1), code(2));
    assert_eq!(text, format!("waiting for the network ...\ncode 1 of 6: {first}\ncode 2 of 6: {second}\n"));
}
