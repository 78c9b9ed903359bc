//! File names from role and service names, which may hold anything.

/// A file name for a role or a service: what is harmless stays, every other byte is `%` and its
/// hexadecimal value, so that two names never share a file.
#[must_use]
pub fn stem(name: &str) -> String {
    let mut stem = String::new();
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'.' if at == 0 => stem.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => stem.push(byte.into()),
            _ => stem.push_str(&format!("%{byte:02X}")),
        }
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn no_name_leaves_its_folder() {
        assert_eq!(stem("slardiere"), "slardiere");
        assert_eq!(stem("../etc/x"), "%2E.%2Fetc%2Fx");
        assert_eq!(stem("*.example.org"), "%2A.example.org");
        assert_eq!(stem("a b:c"), "a%20b%3Ac");
    }
}
