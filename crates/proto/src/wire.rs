//! How a wire type is declared: one macro, so that all derive the same and reach TypeScript alike.

/// Declares types that go over the wire. A test writes them to `web/src/proto/index.ts`.
macro_rules! wire {
    ($($(#[$attr:meta])* pub $kind:ident $name:ident { $($body:tt)* })*) => {$(
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS), ts(export, export_to = "index.ts"))]
        $(#[$attr])*
        pub $kind $name { $($body)* }
    )*};
}

pub(crate) use wire;

/// For `skip_serializing_if`: what is false is left out.
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

/// For `skip_serializing_if`: what is zero is left out.
pub(crate) fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Keys that v10 always has and that never vary here, beside those that do.
/// A type of its own flattens them into each object; reading ignores them.
macro_rules! fixed {
    ($(#[$attr:meta])* $name:ident { $($key:ident: $type:ty = $value:expr),* $(,)? }) => {
        $(#[$attr])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
        pub struct $name { $(pub $key: $type),* }
        impl Default for $name {
            fn default() -> Self { Self { $($key: $value),* } }
        }
        #[cfg(test)]
        impl ts_rs::TS for $name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;
            fn name(_: &ts_rs::Config) -> String { "{}".to_owned() }
            fn inline(_: &ts_rs::Config) -> String { "{}".to_owned() }
            fn inline_flattened(_: &ts_rs::Config) -> String { "{}".to_owned() }
        }
    };
}

pub(crate) use fixed;

#[cfg(test)]
mod typescript {
    //! Ids, timestamps and permissions are strings for TypeScript.
    macro_rules! text {
        ([$($generics:tt)*] $type:ty) => {
            impl $($generics)* ts_rs::TS for $type {
                type WithoutGenerics = crate::Timestamp;
                type OptionInnerType = Self;
                fn name(_: &ts_rs::Config) -> String { "string".to_owned() }
                fn inline(_: &ts_rs::Config) -> String { "string".to_owned() }
            }
        };
    }
    text!([<T>] crate::Id<T>);
    text!([] crate::Timestamp);
    text!([] crate::Permissions);
}
