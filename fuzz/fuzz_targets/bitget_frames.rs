#![no_main]

#[path = "../../tests/decoders/subjects.rs"]
#[expect(dead_code, reason = "each target plays one subject")]
mod subjects;

libfuzzer_sys::fuzz_target!(|data: &[u8]| subjects::bitget_frames(data));
