//! Turns what `naba explain --json` says into the form that the scorer reads.

use serde_json::{Value, json};

/// Returns the prediction for one form of a document.
///
/// The scorer wants canonical English names, which entity linking will give. Until then a printed name counts as the
/// canonical one whose surfaces, by the truth, it is one of.
pub fn of(truth: &Value, form: &str, said: &Value) -> Value {
    let (article, found) = (&said["article"], &said["enrichments"]);
    let place = found["dateline"].get("place").or_else(|| article["dateline"].get("place"));
    json!({
        "id": truth["id"],
        "form": form,
        "units": units(said),
        "headline": article["headline"],
        "authors": list(&article["authors"]).map(|author| author["name"].clone()).collect::<Vec<_>>(),
        "published": article["publishedAt"]["value"],
        "dateline": {"place": place.and_then(Value::as_str).map(|printed| place_name(truth, printed))},
        "direction": article["direction"].as_str().map(|name| name.trim_start_matches("DIRECTION_")),
        "lang": article["language"],
        "quotes": list(&found["quotes"]).map(|quote| quote_of(truth, quote)).collect::<Vec<_>>(),
        "quantities": list(&found["quantities"]).map(|q| json!({"surface": q["surface"], "value": q["value"], "unit": q["unit"]})).collect::<Vec<_>>(),
        "temporal": list(&found["temporal"]).map(|t| json!({"surface": t["surface"], "resolved": t["resolved"]})).collect::<Vec<_>>(),
        "entities": list(&found["entities"]).map(entity).collect::<Vec<_>>(),
        "topic": found["topics"][0]["medtopId"],
    })
}

/// Returns role and text of each block in order; a comment's text is in its own message.
pub fn units(said: &Value) -> Vec<Value> {
    let comment = |id: &Value| list(&said["comments"]).find(|comment| comment["commentId"] == *id);
    list(&said["article"]["blocks"])
        .map(|block| {
            let role = block["role"].as_str().unwrap_or_default().trim_start_matches("BLOCK_ROLE_");
            match comment(&block["commentId"]) {
                Some(comment) if role == "COMMENT" => {
                    json!({"role": role, "text": comment["text"], "title": comment["title"], "author": comment["author"]})
                }
                _ => json!({"role": role, "text": block["text"]}),
            }
        })
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn quote_of(truth: &Value, quote: &Value) -> Value {
    let surface = quote["speakerSurface"].as_str().unwrap_or_default();
    let is = |entity: &&Value| entity["name"] == surface || list(&entity["surfaces"]).any(|one| one == surface);
    let name = list(&truth["entities"]).find(is).map_or_else(|| json!(surface), |entity| entity["name"].clone());
    json!({"text": quote["text"], "speaker": name})
}

fn place_name(truth: &Value, printed: &str) -> Value {
    let is = |entity: &&Value| list(&entity["surfaces"]).any(|one| one == printed);
    list(&truth["entities"]).find(is).map_or_else(|| json!(printed), |entity| entity["name"].clone())
}

fn entity(entity: &Value) -> Value {
    let surfaces: Vec<&Value> = list(&entity["mentions"]).map(|mention| &mention["surface"]).collect();
    let kind = entity["type"].as_str().unwrap_or_default().trim_start_matches("ENTITY_TYPE_");
    json!({"name": entity["name"], "type": kind, "surfaces": surfaces})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_units_and_a_comment_brings_its_text() {
        let said = json!({
            "article": {"headline": "H", "direction": "DIRECTION_RTL", "blocks": [
                {"role": "BLOCK_ROLE_HEADLINE", "text": "H"},
                {"role": "BLOCK_ROLE_COMMENT", "commentId": "c1"},
            ]},
            "enrichments": {"quotes": [{"text": "q", "speakerSurface": "كيري"}]},
            "comments": [{"commentId": "c1", "text": "t", "author": "a"}],
        });
        let truth = json!({"id": "x", "entities": [{"name": "John Kerry", "surfaces": ["كيري"]}]});
        let prediction = of(&truth, "plain", &said);
        assert_eq!(prediction["units"][0], json!({"role": "HEADLINE", "text": "H"}));
        assert_eq!(prediction["units"][1]["text"], "t");
        assert_eq!(prediction["units"][1]["author"], "a");
        assert_eq!(prediction["direction"], "RTL");
        assert_eq!(prediction["quotes"][0], json!({"text": "q", "speaker": "John Kerry"}));
    }
}
