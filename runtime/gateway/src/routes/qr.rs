//! The code that is shown now, as a picture or a text.

use super::State;
use crate::errors::Refusal;
use crate::principal::{Allowed, Control};
use axum::Json;
use axum::extract::{Path, Query, State as Extracted};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use greenroom_client::QrView;
use greenroom_contract::ids::AccountId;
use greenroom_contract::linking::{LinkFailure, LinkStep, Showing, Shown};
use greenroom_contract::time::Timestamp;
use greenroom_engine::{AccountStatus, LinkRefused};
use qrcode::render::{svg, unicode};
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

/// The header with the moment at which the code stops working, in milliseconds since 1970.
const VALID_UNTIL: &str = "x-valid-until-ms";
/// How wide one module of a PNG is, in pixels.
const MODULE_PIXELS: usize = 8;
/// Modules of quiet around a code, which cameras need.
const QUIET_MODULES: usize = 4;

/// As what the code is wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Svg,
    Png,
    Text,
    Json,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `svg` unless it is told.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// The code that is shown now for a session that is being linked: 410 `qr-expired` if it stopped working, 409 if none is
/// shown.
#[utoipa::path(get, path = "/api/v1/sessions/{session}/qr", tag = "linking", operation_id = "qr_code",
    params(("session" = String, Path), Wanted),
    responses((status = 200, headers(("X-Valid-Until-Ms" = u64)), content(
        (QrView = "application/json"), (String = "image/svg+xml"), (Vec<u8> = "image/png"), (String = "text/plain")))))]
pub(super) async fn show(
    Allowed(caller, _): Allowed<Control>,
    Extracted(state): Extracted<State>,
    Path(session): Path<String>,
    Query(Wanted { format }): Query<Wanted>,
) -> Result<Response, Refusal> {
    let account = state.account(&caller, &session).await?.id;
    let live = state.live_code(&account).await?;
    let code = QrCode::with_error_correction_level(&live.code, EcLevel::L)
        .map_err(|error| Refusal::new(StatusCode::CONFLICT, format!("this code cannot be drawn: {error}")))?;
    let (valid_until_ms, number, of) = (live.valid_until.0, live.number, live.of);
    let mut response = match format {
        Format::Svg => ([(CONTENT_TYPE, "image/svg+xml")], svg_of(&code)).into_response(),
        Format::Png => ([(CONTENT_TYPE, "image/png")], png_of(&code)?).into_response(),
        Format::Text => code.render::<unicode::Dense1x2>().quiet_zone(true).build().into_response(),
        Format::Json => {
            Json(QrView { svg: svg_of(&code), code: live.code, valid_until_ms, number, of }).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(VALID_UNTIL, HeaderValue::from(valid_until_ms));
    // It opens an account.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A code that works now.
struct Live {
    code: String,
    valid_until: Timestamp,
    number: u32,
    of: u32,
}

impl State {
    async fn live_code(&self, account: &AccountId) -> Result<Live, Refusal> {
        let unknown = || LinkRefused::UnknownAccount { account: account.clone() };
        let step = self.handle.link_steps(account).ok_or_else(unknown)?.borrow().step.clone();
        match step {
            Some(LinkStep::Show(Showing { shown: Shown::Qr(code), valid_until, number, of, .. })) => {
                if valid_until <= self.clock.now() {
                    return Err(expired());
                }
                Ok(Live { code, valid_until, number, of })
            }
            Some(LinkStep::Failed { failure: LinkFailure::Expired, .. }) => Err(expired()),
            None if self.is_expired(account).await? => Err(expired()),
            _ => Err(Refusal::coded(StatusCode::CONFLICT, "no-qr-shown", "no QR code is shown for this session now")),
        }
    }

    /// Whether the last code stopped working, and the next one has not come yet.
    async fn is_expired(&self, account: &AccountId) -> Result<bool, Refusal> {
        let accounts = self.handle.account_list().await?;
        Ok(accounts.iter().any(|one| one.account == *account && one.status == AccountStatus::QrExpired))
    }
}

fn expired() -> Refusal {
    Refusal::coded(StatusCode::GONE, "qr-expired", "the QR code has expired; ask for a fresh one")
}

fn svg_of(code: &QrCode) -> String {
    code.render::<svg::Color<'_>>().quiet_zone(true).min_dimensions(256, 256).build()
}

/// One bit for each pixel, with the quiet zone.
fn png_of(code: &QrCode) -> Result<Vec<u8>, Refusal> {
    let modules = code.width() + 2 * QUIET_MODULES;
    let pixels = modules * MODULE_PIXELS;
    let dark = |x: usize, y: usize| {
        let (x, y) = (x / MODULE_PIXELS, y / MODULE_PIXELS);
        let inside = (QUIET_MODULES..QUIET_MODULES + code.width()).contains(&x)
            && (QUIET_MODULES..QUIET_MODULES + code.width()).contains(&y);
        inside && code[(x - QUIET_MODULES, y - QUIET_MODULES)] == Color::Dark
    };
    // A module is eight pixels wide, so each byte is one module of a row.
    let row = |y: usize| (0..modules).map(move |x| if dark(x * MODULE_PIXELS, y) { 0x00 } else { 0xff });
    let bytes: Vec<u8> = (0..pixels).flat_map(row).collect();
    let mut png = Vec::new();
    let side = u32::try_from(pixels).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut png, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&bytes));
    written
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("no picture was made: {error}")))?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_of_the_picture_is_that_of_the_code() {
        let code = QrCode::with_error_correction_level("2@AbCdEf0123456789,AAAA,BBBB,CCCC,1", EcLevel::L).unwrap();
        let png = png_of(&code).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let side = info.width as usize;
        assert_eq!(side, (code.width() + 2 * QUIET_MODULES) * MODULE_PIXELS);
        for y in 0..side {
            for x in 0..side {
                let bit = bytes[y * info.line_size + x / 8] >> (7 - x % 8) & 1;
                let (module_x, module_y) = ((x / 8).wrapping_sub(4), (y / 8).wrapping_sub(4));
                let inside = module_x < code.width() && module_y < code.width();
                let expected = inside && code[(module_x, module_y)] == Color::Dark;
                assert_eq!(bit == 0, expected, "at {x}, {y}");
            }
        }
    }
}
