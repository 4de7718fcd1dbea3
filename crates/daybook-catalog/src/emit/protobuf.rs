//! Protocol Buffers, version 3: a message for the data of every version of every event type, one for events, and one for
//! several of them.

use std::fmt::Write as _;

use heck::ToShoutySnakeCase;

use super::model::{Declared, Model, Object, Property, Shape, Type};
use super::text;
use super::typescript::{about, format_in_words, kind_in_words};
use crate::protobuf::envelope;
use crate::protobuf::schema::{
    Count, Declaration, Enumeration, Message, MessageField, Of, Outermost, Schema, stands_for_itself, unspecified,
};
use crate::{AppCatalog, As, Field, Pii};

const INDENT: &str = "  ";

pub(super) fn emit(app: &AppCatalog) -> String {
    let model = Model::of(app);
    let writer = Writer { model: &model, schema: &Schema::of(&model) };
    let mut out = text::comment("// ", &format!("Events of {}, catalog {} {}.", app.title, app.app, app.version));
    out.push_str(&text::comment(
        "// ",
        &format!("Written by `daybook emit protobuf --app {}`; changes belong in the catalog.", app.app),
    ));
    out.push_str("//\n");
    out.push_str(&text::comment(
        "// ",
        "Not said here, only in comments: bounds, lengths, patterns and formats; which fields must be there (every field \
         is optional on the wire); that a field may be null, which is the same as missing, and so is an empty list or map \
         where it may be missing; fields that are not declared, which have no place here. Decimals are text, so that no \
         digit is lost. What may be of several types is a google.protobuf.Value. Numbers stay what they are through all \
         versions of the catalog.",
    ));
    let _ = write!(out, "\nsyntax = \"proto3\";\n\npackage {};\n", writer.schema.package);
    out.push_str(
        "\nimport \"google/protobuf/any.proto\";\nimport \"google/protobuf/struct.proto\";\n\
         import \"google/protobuf/timestamp.proto\";\n",
    );
    for outermost in &writer.schema.outermost {
        writer.declare(&mut out, outermost);
    }
    event(&mut out, &model);
    batch(&mut out, app);
    out
}

/// The numbers as `protobuf.yaml` records them, those that it does not have yet among them.
pub(super) fn numbers(app: &AppCatalog) -> String {
    Schema::of(&Model::of(app)).numbering.to_yaml(&app.app)
}

/// Writes what a schema declares, with what the model has to say of it.
struct Writer<'w> {
    model: &'w Model<'w>,
    schema: &'w Schema,
}

/// What is said of a declaration.
struct Said<'m> {
    /// What it declares.
    ty: &'m Type,
    /// Which version of which event type it is the data of.
    data: Option<&'m Declared<'m>>,
}

impl Writer<'_> {
    /// A message or an enumeration on the outermost level.
    fn declare(&self, out: &mut String, outermost: &Outermost) {
        let any = Type { shape: Shape::Any, nullable: false, limits: Vec::new() };
        let anything = Type { shape: Shape::Map(Box::new(any)), nullable: false, limits: Vec::new() };
        let (description, ty, data) = match outermost.of {
            Of::Type(index) => match self.model.types.get(index) {
                Some(named) => (named.description.clone(), &named.ty, None),
                None => return,
            },
            Of::Data(index) => match self.model.events.get(index) {
                Some(declared) => {
                    let event_type = declared.event_type;
                    let title = format!("Data of `{}` {}.", event_type.name, event_type.version);
                    let said = text::sentences(Some(&title), event_type.description.as_deref());
                    (Some(said), declared.data.as_ref().unwrap_or(&anything), Some(declared))
                }
                None => return,
            },
        };
        out.push('\n');
        let limits = text::limits(&ty.limits);
        out.push_str(&text::comment("// ", &text::sentences(description.as_deref(), limits.as_deref())));
        self.write(out, outermost.declaration, &Said { ty, data }, "");
    }

    fn write(&self, out: &mut String, declaration: Declaration, said: &Said<'_>, indent: &str) {
        match declaration {
            Declaration::Enumeration(index) => {
                if let Some(found) = self.schema.enumerations.get(index) {
                    enumeration(out, found, indent);
                }
            }
            Declaration::Message(index) => {
                if let Some(found) = self.schema.messages.get(index) {
                    self.message(out, found, said, indent);
                }
            }
        }
    }

    fn message(&self, out: &mut String, message: &Message, said: &Said<'_>, indent: &str) {
        let _ = writeln!(out, "{indent}message {} {{", message.name);
        let inner = format!("{indent}{INDENT}");
        if said.data.is_some_and(|declared| declared.event_type.deprecated.is_some()) {
            let _ = writeln!(out, "{inner}option deprecated = true;");
        }
        reserved(out, &message.reserved, &inner);
        let value;
        let object = match &said.ty.shape {
            Shape::Object(object) if !message.is_value => object,
            _ => {
                value = Object::of_value(said.ty);
                &value
            }
        };
        for (field, property) in message.fields.iter().zip(&object.fields) {
            let inside = field.ty.declaration().filter(|inside| message.nested.contains(inside));
            if let Some(inside) = inside {
                let ty = match &property.ty.shape {
                    Shape::List(ty) | Shape::Map(ty) => ty.as_ref(),
                    _ => &property.ty,
                };
                self.write(out, inside, &Said { ty, data: None }, &inner);
            }
            let personal = said.data.and_then(|declared| declared.personal(&field.json));
            self.field(out, (field, property), personal, &inner);
        }
        if let Some(name) = &message.further {
            let mut limits = vec!["fields that the catalog does not name".to_owned()];
            limits.extend(object.others.as_ref().map(|others| others.limits.clone()).unwrap_or_default());
            let _ = writeln!(out, "{inner}// {}", text::limits(&limits).unwrap_or_default());
            // Far from those that are declared.
            let _ = writeln!(out, "{inner}google.protobuf.Struct {name} = {};", Message::FURTHER);
        }
        let _ = writeln!(out, "{indent}}}");
    }

    fn field(
        &self,
        out: &mut String,
        (field, property): (&MessageField, &Property),
        personal: Option<Pii>,
        indent: &str,
    ) {
        let mut limits: Vec<String> =
            format_in_words(&property.ty).into_iter().chain(property.ty.limits.iter().cloned()).collect();
        limits.extend(named_limits(self.model, &property.ty));
        limits.extend((!property.required).then(|| "may be missing".to_owned()));
        limits.extend(property.ty.nullable.then(|| "may be null".to_owned()));
        limits.extend(personal.map(|pii| format!("personal ({})", pii.as_str())));
        limits.extend(match &property.ty.shape {
            Shape::List(items) => item_note(items),
            Shape::Map(values) if field.count == Count::Map => item_note(values),
            _ => None,
        });
        let limits = text::limits(&limits);
        out.push_str(&text::comment(
            &format!("{indent}// "),
            &text::sentences(property.description.as_deref(), limits.as_deref()),
        ));
        let ty = self.schema.type_name(field.ty);
        let ty = match field.count {
            Count::One => format!("optional {ty}"),
            Count::List => format!("repeated {ty}"),
            Count::Map => format!("map<string, {ty}>"),
        };
        let mut options = Vec::new();
        if json_name(&field.name) != field.json {
            options.push(format!("json_name = {}", text::quoted(&field.json)));
        }
        if property.deprecated {
            options.push("deprecated = true".to_owned());
        }
        let options = if options.is_empty() { String::new() } else { format!(" [{}]", options.join(", ")) };
        let _ = writeln!(out, "{indent}{ty} {} = {}{options};", field.name, field.number);
    }
}

fn reserved(out: &mut String, numbers: &[u32], indent: &str) {
    if numbers.is_empty() {
        return;
    }
    let list: Vec<String> = numbers.iter().map(u32::to_string).collect();
    let _ = writeln!(out, "{indent}// Of other versions, or of other types.\n{indent}reserved {};", list.join(", "));
}

fn item_note(items: &Type) -> Option<String> {
    let said: Vec<String> = format_in_words(items).into_iter().chain(items.limits.iter().cloned()).collect();
    (!said.is_empty()).then(|| format!("each {}", said.join(", ")))
}

/// What a named type that stands for itself asks.
fn named_limits(model: &Model<'_>, ty: &Type) -> Vec<String> {
    let Shape::Named(name) = &ty.shape else { return Vec::new() };
    let Some(named) = model.named(name).filter(|named| stands_for_itself(&named.ty.shape)) else { return Vec::new() };
    format_in_words(&named.ty).into_iter().chain(named.ty.limits.iter().cloned()).collect()
}

fn enumeration(out: &mut String, enumeration: &Enumeration, indent: &str) {
    let inner = format!("{indent}{INDENT}");
    let _ = writeln!(out, "{indent}enum {} {{", enumeration.name);
    reserved(out, &enumeration.reserved, &inner);
    let _ = writeln!(out, "{inner}{} = 0;", unspecified(&enumeration.name.to_shouty_snake_case()));
    for (value, constant, number) in &enumeration.values {
        let _ = writeln!(out, "{inner}// {}\n{inner}{constant} = {number};", text::quoted(value));
    }
    let _ = writeln!(out, "{indent}}}");
}

/// Events in Daybook's own form; a field has the same number in every app.
fn event(out: &mut String, model: &Model<'_>) {
    out.push('\n');
    out.push_str(&text::comment(
        "// ",
        "An event. Its data is one of the messages above, named in the Any, or a google.protobuf.Struct where it has \
         what they have no place for. In comments is where the app's own form has the field.",
    ));
    out.push_str("message Event {\n");
    for field in Field::ALL {
        let ty = match field {
            Field::Time => "google.protobuf.Timestamp",
            Field::Data => "google.protobuf.Any",
            Field::Metadata => "google.protobuf.Struct",
            Field::Tags => "map<string, string>",
            _ => "string",
        };
        let spec = model.app.dialect.field(field);
        let mut said = vec![about(field).to_owned()];
        if let Some(spec) = spec {
            said.push(format!("`{}`.", spec.path.join(".")));
            said.extend(
                kind_in_words(spec).filter(|_| spec.kind != As::Time).map(|words| format!("There it is {words}.")),
            );
            if !spec.values.is_empty() {
                said.push(format!("One of {}.", spec.values.join(", ")));
            }
        }
        out.push_str(&text::comment("  // ", &said.join(" ")));
        let label = if ty.starts_with("map<") { "" } else { "optional " };
        let _ = writeln!(out, "  {label}{ty} {} = {};", field.as_str().replace('.', "_"), envelope::number(field));
    }
    for given in &envelope::GIVEN {
        out.push_str(&text::comment("  // ", given.about));
        let _ = writeln!(out, "  optional {} {} = {};", given.ty, given.name, given.number);
    }
    out.push_str("}\n");
}

/// Several events.
fn batch(out: &mut String, app: &AppCatalog) {
    out.push('\n');
    out.push_str(&text::comment(
        "// ",
        &format!(
            "Events as they are sent to and read from `/v1/{}/events`, with the media type application/x-protobuf.",
            app.app
        ),
    ));
    let _ = writeln!(
        out,
        "message EventBatch {{\n  repeated Event events = {};\n  // Where the next page begins: what to give as `after`. \
         Only on reading.\n  optional uint64 next = {};\n}}",
        envelope::BATCH_EVENTS,
        envelope::BATCH_NEXT
    );
}

/// What the JSON mapping calls a field that says nothing: `lowerCamelCase`.
fn json_name(field: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for char in field.chars() {
        if char == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.push(char.to_ascii_uppercase());
        } else {
            out.push(char);
        }
    }
    out
}
