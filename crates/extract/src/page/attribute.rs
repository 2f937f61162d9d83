//! The attributes that are read: a page has many more, and what nobody asks for is not kept.

use std::sync::LazyLock;

use html5ever::LocalName;

macro_rules! attributes {
    ($($variant:ident $name:literal)*) => {
        /// An attribute that some step reads; a step that needs another adds it here.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Attr {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Attr {
            /// Returns the attribute of a name in lower case.
            pub fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        static NAMES: LazyLock<Vec<LocalName>> = LazyLock::new(|| vec![$(LocalName::from($name)),*]);
    };
}

attributes! {
    AriaHidden "aria-hidden" AriaLevel "aria-level" Class "class" Content "content" DataBlock "data-block"
    DataComponent "data-component" DataQa "data-qa" DataTestid "data-testid" DataType "data-type" Datetime "datetime"
    Hidden "hidden" Href "href" HttpEquiv "http-equiv" Id "id" Itemprop "itemprop" Itemtype "itemtype" Lang "lang"
    Name "name" Property "property" Rel "rel" Role "role" Src "src" Style "style" Title "title" Type "type"
    Value "value" XmlLang "xml:lang"
}

impl Attr {
    /// Returns the interned name.
    pub fn local_name(self) -> LocalName {
        NAMES.get(self as usize).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_keeps_its_name() {
        for attr in [Attr::AriaHidden, Attr::Class, Attr::DataTestid, Attr::XmlLang] {
            assert_eq!(Attr::of(&attr.local_name()), Some(attr));
        }
        assert_eq!(Attr::of("onclick"), None);
    }
}
