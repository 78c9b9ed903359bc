//! A crate's sources as the compiler builds them: modules, the names that each brings into scope,
//! and every path that is mentioned, inside macros too. Code for tests alone is left out.
//!
//! Nothing is judged here, and no path is resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Ident, ImplItem, Item, Local, Macro, Meta, QSelf, StmtMacro, Token, TraitItem,
    UseTree, Visibility,
};

/// The modules of a crate; the first is its root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// All modules, inline ones too.
    pub(crate) modules: Vec<Module>,
    /// All mentions of paths.
    pub(crate) mentions: Vec<Mention>,
    /// Files that belong to the crate, those for tests too.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Constructions that hide code from this reading: file, line, what.
    pub(crate) hidden: Vec<(PathBuf, usize, &'static str)>,
    /// Whether the root says `no_std` (outside tests at least).
    pub(crate) no_std: bool,
}

/// One module.
#[derive(Debug)]
pub(crate) struct Module {
    /// The module around it.
    pub(crate) parent: Option<usize>,
    /// Modules inside it by name.
    pub(crate) children: BTreeMap<String, usize>,
    /// Names that `use`, `extern crate` and `type` bring in, with the paths as written. A name can
    /// have several: imports in function bodies count for the whole module.
    pub(crate) names: BTreeMap<String, Vec<Written>>,
    /// Paths whose whole contents are brought in.
    pub(crate) globs: Vec<Written>,
}

/// A path as written: segments, and whether it began with `::`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) segments: Vec<String>,
    pub(crate) external: bool,
}

/// Where a path was mentioned, and how.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) module: usize,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) path: Written,
    pub(crate) kind: MentionKind,
}

/// How a path was mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MentionKind {
    /// In an expression, a type, an import.
    Plain,
    /// By `pub use` or `pub type`: handed on.
    Public,
    /// By `use ...::*`, or renamed where the new name cannot be followed.
    Whole,
    /// A macro that is called.
    Macro,
}

impl Tree {
    /// Reads the crate whose root is `root_file` (`src/lib.rs` or `src/main.rs`).
    pub(crate) fn read(root_file: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.open_file(root_file, None, &root_file.with_file_name(""), false)?;
        Ok(tree)
    }

    /// Reads `file` as a module of `parent`; `folder` is where its own modules lie.
    fn open_file(
        &mut self,
        file: &Path,
        parent: Option<usize>,
        folder: &Path,
        test: bool,
    ) -> anyhow::Result<usize> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let syntax =
            syn::parse_file(&text).with_context(|| format!("cannot parse {}", file.display()))?;
        self.files.insert(file.to_owned());
        if parent.is_none() {
            self.no_std = syntax.attrs.iter().any(says_no_std);
        }
        let test = test || syntax.attrs.iter().any(only_for_tests);
        let module = self.add_module(parent);
        self.read_items(&syntax.items, file, module, folder, test)?;
        Ok(module)
    }

    fn add_module(&mut self, parent: Option<usize>) -> usize {
        self.modules.push(Module {
            parent,
            children: BTreeMap::new(),
            names: BTreeMap::new(),
            globs: Vec::new(),
        });
        self.modules.len() - 1
    }

    fn read_items(
        &mut self,
        items: &[Item],
        file: &Path,
        module: usize,
        folder: &Path,
        test: bool,
    ) -> anyhow::Result<()> {
        let mut reader = Reader {
            tree: self,
            file,
            module,
            folder,
            test,
            failed: None,
        };
        for item in items {
            reader.visit_item(item);
        }
        match reader.failed {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Walks the items of one module.
struct Reader<'a> {
    tree: &'a mut Tree,
    file: &'a Path,
    module: usize,
    folder: &'a Path,
    test: bool,
    failed: Option<anyhow::Error>,
}

impl Reader<'_> {
    fn mention(&mut self, span: Span, path: Written, kind: MentionKind) {
        if self.test || path.segments.is_empty() {
            return;
        }
        self.tree.mentions.push(Mention {
            module: self.module,
            file: self.file.to_owned(),
            line: span.start().line,
            path,
            kind,
        });
    }

    fn name(&mut self, name: String, path: Written) {
        self.tree.modules[self.module]
            .names
            .entry(name)
            .or_default()
            .push(path);
    }

    fn hide(&mut self, span: Span, what: &'static str) {
        self.tree
            .hidden
            .push((self.file.to_owned(), span.start().line, what));
    }

    fn read_module(&mut self, item: &syn::ItemMod) -> anyhow::Result<()> {
        if let Some(attribute) = item.attrs.iter().find(|a| a.path().is_ident("path")) {
            self.hide(
                attribute.pound_token.spans[0],
                "`#[path]`: a module lies where its name says",
            );
        }
        let name = plain(&item.ident);
        let test = self.test || item.attrs.iter().any(only_for_tests);
        let folder = self.folder.join(&name);
        let child = if let Some((_, items)) = &item.content {
            let child = self.tree.add_module(Some(self.module));
            self.tree
                .read_items(items, self.file, child, &folder, test)?;
            child
        } else {
            let file = folder.with_extension("rs");
            if !file.is_file() {
                bail!(
                    "{}: module {name} is not at {}",
                    self.file.display(),
                    file.display()
                );
            }
            self.tree
                .open_file(&file, Some(self.module), &folder, test)?
        };
        if !test {
            self.tree.modules[self.module].children.insert(name, child);
        }
        Ok(())
    }

    fn read_use(&mut self, tree: &UseTree, so_far: &Written, kind: MentionKind) {
        let with = |ident: &Ident| {
            let mut path = so_far.clone();
            let segment = plain(ident);
            if segment != "self" || path.segments.is_empty() {
                path.segments.push(segment);
            }
            path
        };
        match tree {
            UseTree::Path(inner) => self.read_use(&inner.tree, &with(&inner.ident), kind),
            UseTree::Group(group) => {
                for inner in &group.items {
                    self.read_use(inner, so_far, kind);
                }
            }
            UseTree::Name(name) => {
                let path = with(&name.ident);
                if let Some(last) = path.segments.last() {
                    self.name(last.clone(), path.clone());
                }
                self.mention(name.ident.span(), path, kind);
            }
            UseTree::Rename(rename) => {
                let path = with(&rename.ident);
                self.name(plain(&rename.rename), path.clone());
                self.mention(rename.ident.span(), path, kind);
            }
            UseTree::Glob(glob) => {
                self.tree.modules[self.module].globs.push(so_far.clone());
                self.mention(glob.star_token.spans[0], so_far.clone(), MentionKind::Whole);
            }
        }
    }

    fn read_path(&mut self, qself: Option<&QSelf>, path: &syn::Path) {
        let mut written = written(path);
        if let (
            Some(QSelf {
                ty, position: 0, ..
            }),
            Some(first),
        ) = (qself, path.segments.first())
        {
            // `<SystemTime>::now`: the type's path goes before.
            if let syn::Type::Path(of) = ty.as_ref() {
                let mut whole = self::written(&of.path);
                whole.segments.append(&mut written.segments);
                self.mention(first.ident.span(), whole, MentionKind::Plain);
            }
            return;
        }
        if let Some(first) = path.segments.first() {
            self.mention(first.ident.span(), written, MentionKind::Plain);
        }
    }

    /// Every path in the tokens of a macro, called or defined: idents joined by `::`, with groups
    /// in braces after `::` taken as `use` takes them.
    fn read_tokens(&mut self, tokens: TokenStream, before: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.read_tokens(group.stream(), &[]),
                TokenTree::Ident(first) => {
                    let mut path = Written {
                        segments: before.to_vec(),
                        external: false,
                    };
                    path.segments.push(plain(first));
                    while is_colons(&tokens, at) {
                        match tokens.get(at + 2) {
                            Some(TokenTree::Ident(next)) => path.segments.push(plain(next)),
                            Some(TokenTree::Group(group))
                                if group.delimiter() == Delimiter::Brace =>
                            {
                                self.read_tokens(group.stream(), &path.segments);
                            }
                            Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                                self.mention(first.span(), path.clone(), MentionKind::Whole);
                            }
                            _ => break,
                        }
                        at += 3;
                    }
                    let next = |n: usize| {
                        tokens
                            .get(at + n)
                            .map(ToString::to_string)
                            .unwrap_or_default()
                    };
                    let kind = if next(0) == "!" && next(1) != "=" {
                        MentionKind::Macro
                    } else if next(0) == "as" {
                        MentionKind::Whole
                    } else {
                        MentionKind::Plain
                    };
                    self.mention(first.span(), path, kind);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Mod(module) = item {
            if let Err(error) = self.read_module(module) {
                self.failed.get_or_insert(error);
            }
            return;
        }
        if !attributes(item).iter().any(only_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(i) => &i.attrs,
            ImplItem::Fn(i) => &i.attrs,
            ImplItem::Type(i) => &i.attrs,
            ImplItem::Macro(i) => &i.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !attributes.iter().any(only_for_tests) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        if !matches!(item, TraitItem::Fn(f) if f.attrs.iter().any(only_for_tests)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if !local.attrs.iter().any(only_for_tests) {
            visit::visit_local(self, local);
        }
    }

    fn visit_stmt_macro(&mut self, statement: &'ast StmtMacro) {
        if !statement.attrs.iter().any(only_for_tests) {
            visit::visit_stmt_macro(self, statement);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let start = Written {
            segments: Vec::new(),
            external: item.leading_colon.is_some(),
        };
        self.read_use(&item.tree, &start, kind_of(&item.vis));
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let path = Written {
            segments: vec![plain(&item.ident)],
            external: true,
        };
        if let Some((_, name)) = &item.rename {
            self.name(plain(name), path.clone());
        }
        if path.segments == ["std"] {
            self.mention(item.ident.span(), path, MentionKind::Whole);
        } else {
            self.mention(item.ident.span(), path, kind_of(&item.vis));
        }
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        if let syn::Type::Path(of) = item.ty.as_ref()
            && of.qself.is_none()
        {
            self.name(plain(&item.ident), written(&of.path));
            if matches!(item.vis, Visibility::Public(_)) {
                self.mention(item.ident.span(), written(&of.path), MentionKind::Public);
            }
        }
        visit::visit_item_type(self, item);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.read_path(path.qself.as_ref(), &path.path);
        visit::visit_expr_path(self, path);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        self.read_path(path.qself.as_ref(), &path.path);
        visit::visit_type_path(self, path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // Patterns, struct literals, trait bounds, and again what the two above have seen.
        self.read_path(None, path);
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_macro(&mut self, called: &'ast Macro) {
        let path = written(&called.path);
        if let Some(last) = called.path.segments.last() {
            if last.ident == "include" {
                self.hide(
                    last.ident.span(),
                    "`include!`: code from a file that is no module",
                );
            }
            self.mention(last.ident.span(), path, MentionKind::Macro);
        }
        self.read_tokens(called.tokens.clone(), &[]);
    }
}

fn kind_of(visibility: &Visibility) -> MentionKind {
    if matches!(visibility, Visibility::Public(_)) {
        MentionKind::Public
    } else {
        MentionKind::Plain
    }
}

fn written(path: &syn::Path) -> Written {
    Written {
        segments: path.segments.iter().map(|s| plain(&s.ident)).collect(),
        external: path.leading_colon.is_some(),
    }
}

/// The identifier without `r#`.
fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |n: usize| matches!(tokens.get(n), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// Whether the attribute leaves the item out of everything but tests: `#[test]`, `#[cfg(test)]`,
/// `#[cfg(all(test, ...))]`, `#[cfg(any(test))]`.
fn only_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("test")
        || (attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<Meta>()
                .is_ok_and(|m| demands_test(&m)))
}

fn demands_test(predicate: &Meta) -> bool {
    let inner = |list: &syn::MetaList| {
        list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
    };
    match predicate {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            inner(list).is_ok_and(|p| p.iter().any(demands_test))
        }
        Meta::List(list) if list.path.is_ident("any") => {
            inner(list).is_ok_and(|p| !p.is_empty() && p.iter().all(demands_test))
        }
        _ => false,
    }
}

/// `#![no_std]`, or `#![cfg_attr(not(test), no_std)]`.
fn says_no_std(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("no_std") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident("cfg_attr") && list.tokens.to_string().replace(' ', "") == "not(test),no_std"
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::ForeignMod(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::TraitAlias(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}
