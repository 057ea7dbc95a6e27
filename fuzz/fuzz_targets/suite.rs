#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| whyhook_fuzz::suite::run(data));
