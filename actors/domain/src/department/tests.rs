//! Tests of the department.
