//! What scopes of a device cover.

/// The scopes that operators can have.
const KNOWN: [&str; 10] = [
    "operator.admin",
    "operator.read",
    "operator.write",
    "operator.sessions.read",
    "operator.sessions.write",
    "operator.approvals",
    "operator.questions",
    "operator.pairing",
    "operator.talk",
    "operator.talk.secrets",
];

pub(crate) fn is_known(scope: &str) -> bool {
    KNOWN.contains(&scope)
}

/// Sorted, each once, with those that others imply, as tokens have them.
pub(crate) fn normal(scopes: &[String]) -> Vec<String> {
    let mut normal: Vec<String> = merged([scopes]);
    let has = |scope: &str| scopes.iter().any(|held| held.trim() == scope);
    if has("operator.admin") {
        normal.extend(["operator.read".into(), "operator.write".into()]);
    } else if has("operator.write") {
        normal.push("operator.read".into());
    }
    normal.sort();
    normal.dedup();
    normal
}

/// Those of all lists in the order in which they come, each once.
pub(crate) fn merged<'a>(lists: impl IntoIterator<Item = &'a [String]>) -> Vec<String> {
    let mut merged: Vec<String> = Vec::new();
    for item in lists.into_iter().flatten().map(|item| item.trim()) {
        if !item.is_empty() && !merged.iter().any(|known| known == item) {
            merged.push(item.to_owned());
        }
    }
    merged
}

/// Those that belong to a role.
pub(crate) fn of_role(role: &str, scopes: &[String]) -> Vec<String> {
    let is_operator = role == "operator";
    scopes.iter().filter(|scope| scope.starts_with("operator.") == is_operator).cloned().collect()
}

/// Whether everything asked for is covered.
pub(crate) fn allow(v4: bool, role: &str, asked: &[String], held: &[String]) -> bool {
    missing(v4, role, asked, held).is_none()
}

/// The first scope asked for that is not covered.
pub(crate) fn missing<'a>(v4: bool, role: &str, asked: &'a [String], held: &[String]) -> Option<&'a String> {
    let has = |scope: &str| held.iter().any(|held| held.trim() == scope);
    let covers = |scope: &str| {
        if role != "operator" {
            return scope.strip_prefix(role).is_some_and(|rest| rest.starts_with('.')) && has(scope);
        }
        let by_write = match scope {
            "operator.read" => true,
            "operator.talk" | "operator.sessions.read" | "operator.sessions.write" => v4,
            _ => false,
        };
        let by_read = v4 && scope == "operator.sessions.read";
        scope.starts_with("operator.")
            && (has(scope)
                || has("operator.admin")
                || by_write && has("operator.write")
                || by_read && (has("operator.read") || has("operator.sessions.write")))
    };
    asked.iter().find(|scope| !scope.trim().is_empty() && !covers(scope.trim()))
}

/// The first scope that belongs to none of the roles.
pub(crate) fn outside<'a>(roles: &[String], scopes: &'a [String]) -> Option<&'a String> {
    let belongs = |scope: &str, role: &str| scope.strip_prefix(role).is_some_and(|rest| rest.starts_with('.'));
    scopes.iter().find(|scope| !roles.iter().any(|role| belongs(scope, role)))
}

/// Whether two lists hold the same, in whatever order.
pub(crate) fn same(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|item| b.contains(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| format!("operator.{scope}")).collect()
    }

    #[test]
    fn tokens_have_their_scopes_sorted_and_with_what_they_imply() {
        assert_eq!(normal(&list(&["write", "approvals", "write"])), list(&["approvals", "read", "write"]));
        assert_eq!(normal(&list(&["admin"])), list(&["admin", "read", "write"]));
        assert_eq!(normal(&[]), list(&[]));
    }

    #[test]
    fn admin_covers_what_operators_have_and_write_covers_read() {
        assert!(allow(true, "operator", &list(&["read", "pairing"]), &list(&["admin"])));
        assert!(allow(true, "operator", &list(&["read", "talk", "sessions.read"]), &list(&["write"])));
        assert!(!allow(false, "operator", &list(&["talk"]), &list(&["write"])));
        assert!(!allow(true, "operator", &list(&["approvals"]), &list(&["write"])));
        assert!(!allow(true, "operator", &["x".into()], &list(&["admin"])));
        assert!(allow(true, "node", &[], &[]));
        assert!(!allow(true, "node", &list(&["read"]), &list(&["admin"])));
    }

    #[test]
    fn a_scope_belongs_to_the_role_it_begins_with() {
        assert_eq!(outside(&["operator".into()], &list(&["read"])), None);
        assert_eq!(outside(&["node".into()], &list(&["read"])), Some(&"operator.read".to_owned()));
        assert_eq!(of_role("operator", &["operator.read".into(), "node.x".into()]), list(&["read"]));
    }
}
