//! The voice pack of a site: which clips it needs (`script`), how a computer reads them (`pinyin`), how a recording becomes a
//! clip (`wav`, `sound`), what is kept of it (`pack`). Pure.

pub mod pack;
pub mod pinyin;
pub mod script;
pub mod sound;
pub mod wav;

pub use pack::{MadeBy, Manifest, ManifestClip};
pub use script::Line;
