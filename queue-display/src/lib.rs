//! What a waiting area sees and hears: the announcement line of a board, the picture on its screens, a display for a
//! terminal. Announcement line and picture are pure; the shell runs them.

pub mod announce;
pub mod board;
pub mod terminal;
