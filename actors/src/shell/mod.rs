//! The shell: runs owners. (In the making.)
