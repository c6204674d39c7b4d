//! What a waiting area sees and hears: the announcement line of a board, the picture on its screens, a display for a
//! terminal, and how a voice pack is made. Announcement line, picture and voice are pure; the shell runs them.

pub mod announce;
pub mod board;
pub mod terminal;
pub mod voice;
