//! Pictures, made small enough for a model.

use crate::limits::{
    IMAGE_DECODED_SIDE_MAX, IMAGE_DECODING_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_QUALITY, IMAGES_PER_TURN_MAX,
};
use greenroom_contract::assistant::{Content, TurnMessage};
use greenroom_contract::message::Media;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A picture of a turn, as a model is given it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Picture {
    /// A JPEG within the limits, without what a camera adds about place and owner.
    Shown(Media),
    /// None, and why: for the model.
    Not(&'static str),
}

/// The pictures of a turn, by the places of their messages.
pub(crate) async fn prepared(
    messages: &[TurnMessage],
    side_max: u32,
    places: &Arc<Semaphore>,
) -> BTreeMap<usize, Picture> {
    let mut pictures = BTreeMap::new();
    // The newest ones are those that are asked about.
    for (at, message) in messages.iter().enumerate().rev() {
        let Content::Image { media: Some(media), .. } = &message.content else { continue };
        let picture = if pictures.len() < IMAGES_PER_TURN_MAX {
            let Ok(place) = Arc::clone(places).acquire_owned().await else { break };
            let media = media.clone();
            let scaled = tokio::task::spawn_blocking(move || {
                // Held by the work itself, which goes on where the turn is given up.
                let _place = place;
                scaled(&media, side_max)
            })
            .await;
            scaled.unwrap_or(Picture::Not("no, it could not be opened"))
        } else {
            Picture::Not("no, there are too many pictures")
        };
        pictures.insert(at, picture);
    }
    pictures
}

/// The picture with sides of at most so many pixels. Slow: not for an async task.
pub(crate) fn scaled(media: &Media, side_max: u32) -> Picture {
    match decoded(media) {
        Ok(image) => encoded(image, side_max),
        Err(why) => Picture::Not(why),
    }
}

fn decoded(media: &Media) -> Result<DynamicImage, &'static str> {
    const BROKEN: &str = "no, it could not be opened";
    // By what it is, and not by what it is called.
    let mut reader = ImageReader::new(Cursor::new(&media.bytes)).with_guessed_format().map_err(|_| BROKEN)?;
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err("no, this kind of picture is not understood");
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_DECODED_SIDE_MAX);
    limits.max_image_height = Some(IMAGE_DECODED_SIDE_MAX);
    limits.max_alloc = Some(IMAGE_DECODING_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| BROKEN)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > IMAGE_PIXELS_MAX || decoder.total_bytes() > IMAGE_DECODING_BYTES_MAX {
        return Err("no, it is too large");
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|_| BROKEN)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn encoded(image: DynamicImage, side_max: u32) -> Picture {
    let fits = image.width() <= side_max && image.height() <= side_max;
    let small = if fits { image } else { image.thumbnail(side_max, side_max) };
    let mut bytes = Vec::new();
    match JpegEncoder::new_with_quality(&mut bytes, IMAGE_QUALITY).encode_image(&on_white(small)) {
        Ok(()) => Picture::Shown(Media { mime: "image/jpeg".to_owned(), bytes: bytes.into() }),
        Err(_) => Picture::Not("no, it could not be opened"),
    }
}

/// Where a picture is transparent, white: black words on nothing would be black on black.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        let mixed = |value: u8| {
            let (value, alpha) = (u16::from(value), u16::from(alpha));
            u8::try_from((value * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([mixed(red), mixed(green), mixed(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn written(image: &DynamicImage, format: ImageFormat) -> Media {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        Media { mime: "application/whatever".to_owned(), bytes: bytes.into_inner().into() }
    }

    fn shown(picture: Picture) -> DynamicImage {
        let Picture::Shown(media) = picture else { panic!("{picture:?}") };
        assert_eq!(media.mime, "image/jpeg");
        image::load_from_memory_with_format(&media.bytes, ImageFormat::Jpeg).unwrap()
    }

    #[test]
    fn a_picture_becomes_a_jpeg_that_is_small_enough() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let small = shown(scaled(&written(&DynamicImage::new_rgb8(300, 100), format), 60));
            assert_eq!((small.width(), small.height()), (60, 20), "{format:?}");
            let same = shown(scaled(&written(&DynamicImage::new_rgb8(30, 10), format), 60));
            assert_eq!((same.width(), same.height()), (30, 10), "{format:?}");
        }
    }

    #[test]
    fn what_is_transparent_is_white() {
        let image = shown(scaled(&written(&DynamicImage::new_rgba8(8, 8), ImageFormat::Png), 60)).into_rgb8();
        assert!(image.get_pixel(4, 4).0.iter().all(|value| *value > 250));
    }

    #[test]
    fn what_is_no_picture_or_a_trap_is_a_sentence() {
        let media = |bytes: Vec<u8>| Media { mime: "image/png".to_owned(), bytes: Bytes::from(bytes) };
        // A picture of 60,000 by 60,000 pixels in some bytes, as its head says.
        let mut bomb = written(&DynamicImage::new_rgb8(1, 1), ImageFormat::Png).bytes.to_vec();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let whole = written(&DynamicImage::new_rgb8(64, 64), ImageFormat::Png).bytes;
        for bytes in [vec![], b"bytes".to_vec(), b"GIF89a\x01\x00\x01\x00".to_vec(), bomb, whole[..60].to_vec()] {
            let picture = scaled(&media(bytes.clone()), 60);
            assert!(matches!(picture, Picture::Not(_)), "{} bytes: {picture:?}", bytes.len());
        }
    }
}
