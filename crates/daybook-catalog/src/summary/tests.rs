use insta::assert_snapshot;

use crate::from_texts;

#[test]
fn a_catalog_is_told_in_full() {
    let header = "
app: shop
version: 1.2.0
title: Shop
naming: {pattern: '^[a-z.]+$', examples: [order.placed]}
categories: {sales: {description: What is sold., retain: 2y, pii: anonymise}}
sources: [web]
consent: {stats: {default: true, without: anonymise, signals: [gpc]}}
types: {price: {type: number, minimum: 0}, lines: {type: array, items: {$ref: '#/types/price'}}, other: {type: 'null'}}
";
    let events = "
events:
  - name: order.placed
    description: Somebody bought something.
    category: sales
    tags: [id]
    dimensions: [id]
    pii: {note: free-text, id: none, seller: person}
    sampling: {rate: 0.5}
    data: {type: object, properties: {id: {type: string}, lines: {$ref: '#/types/lines'}, note: {type: string}, seller: {type: string}}, required: [id]}
    examples: [{id: o-1, lines: [1.5]}]
  - {name: order.placed, version: 0.9.0, description: As it was., category: sales, examples: [{}]}
  - name: order.gone
    description: No more.
    category: sales
    priority: high
    consent: {purpose: stats, without: drop}
    deprecated: {since: 1.1.0, use: order.placed}
    examples: [{}]
";
    let consumers = "
consumers:
  stock: {events: ['order.*'], handler: insertToMySQL}
  gone:
    description: What is gone, to the shelf.
    events: [order.gone]
    exclude: [order.placed]
    handler: webhook
    retry: 5
    dlq: false
    where: {reason: sold}
    batch: {size: 10, delay: 250ms}
    order: group
    rate: 100/s
    latency: 90s
    from: now
    options: {headers: {x-shelf: '3'}}
";
    let loaded = from_texts(&[("catalog.yaml", header), ("events/a.yaml", events), ("consumers.yaml", consumers)]);
    assert_eq!(crate::render::text(&loaded.diagnostics), "");
    let app = loaded.catalogs.app("shop").unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&app.summary_json()).unwrap(), @r##"
    {
      "app": "shop",
      "version": "1.2.0",
      "title": "Shop",
      "naming": {
        "pattern": "^[a-z.]+$",
        "examples": [
          "order.placed"
        ]
      },
      "unknown-fields": "warn",
      "unknown-types": "quarantine",
      "max-clock-skew": "5m",
      "categories": {
        "sales": {
          "description": "What is sold.",
          "retain": "2y",
          "pii": "anonymise"
        }
      },
      "sources": [
        "web"
      ],
      "consent": {
        "stats": {
          "default": true,
          "without": "anonymise",
          "signals": [
            "gpc"
          ]
        }
      },
      "types": {
        "price": {
          "type": "number",
          "minimum": 0
        },
        "lines": {
          "type": "array",
          "items": {
            "$ref": "#/types/price"
          }
        },
        "other": {
          "type": "null"
        }
      },
      "events": [
        {
          "name": "order.gone",
          "version": "1.0.0",
          "description": "No more.",
          "category": "sales",
          "sources": [
            "web"
          ],
          "priority": "high",
          "consent": {
            "purpose": "stats",
            "without": "drop"
          },
          "store": "event",
          "indexed": false,
          "deprecated": {
            "since": "1.1.0",
            "use": "order.placed"
          },
          "examples": [
            {}
          ]
        },
        {
          "name": "order.placed",
          "version": "1.0.0",
          "description": "Somebody bought something.",
          "category": "sales",
          "sources": [
            "web"
          ],
          "priority": "normal",
          "sampling": {
            "rate": 0.5,
            "min-per-window": 1,
            "window": "60s"
          },
          "consent": {
            "purpose": "stats",
            "without": "anonymise"
          },
          "store": "event",
          "indexed": false,
          "tags": [
            "id"
          ],
          "dimensions": [
            "id"
          ],
          "pii": {
            "note": "free-text",
            "seller": "person"
          },
          "data": {
            "type": "object",
            "properties": {
              "id": {
                "type": "string"
              },
              "lines": {
                "$ref": "#/types/lines"
              },
              "note": {
                "type": "string"
              },
              "seller": {
                "type": "string"
              }
            },
            "required": [
              "id"
            ]
          },
          "examples": [
            {
              "id": "o-1",
              "lines": [
                1.5
              ]
            }
          ]
        }
      ],
      "consumers": {
        "stock": {
          "events": [
            "order.*"
          ],
          "handler": "mysql",
          "retry": 3,
          "dlq": true,
          "order": "none",
          "from": "beginning"
        },
        "gone": {
          "description": "What is gone, to the shelf.",
          "events": [
            "order.gone"
          ],
          "exclude": [
            "order.placed"
          ],
          "handler": "webhook",
          "retry": 5,
          "dlq": false,
          "condition": {
            "type": "object",
            "properties": {
              "reason": {
                "const": "sold"
              }
            },
            "required": [
              "reason"
            ]
          },
          "batch": {
            "size": 10,
            "delay": "250ms"
          },
          "order": "group",
          "rate": "100/s",
          "latency": "90s",
          "from": "now",
          "options": {
            "headers": {
              "x-shelf": "3"
            }
          }
        }
      }
    }
    "##);
    assert_snapshot!(serde_json::to_string_pretty(&app.event_json(app.event("order.placed").unwrap())).unwrap(), @r##"
    {
      "name": "order.placed",
      "version": "1.0.0",
      "description": "Somebody bought something.",
      "category": "sales",
      "sources": [
        "web"
      ],
      "priority": "normal",
      "sampling": {
        "rate": 0.5,
        "min-per-window": 1,
        "window": "60s"
      },
      "consent": {
        "purpose": "stats",
        "without": "anonymise"
      },
      "store": "event",
      "indexed": false,
      "tags": [
        "id"
      ],
      "dimensions": [
        "id"
      ],
      "pii": {
        "note": "free-text",
        "seller": "person"
      },
      "data": {
        "type": "object",
        "properties": {
          "id": {
            "type": "string"
          },
          "lines": {
            "$ref": "#/$defs/lines"
          },
          "note": {
            "type": "string"
          },
          "seller": {
            "type": "string"
          }
        },
        "required": [
          "id"
        ],
        "$defs": {
          "lines": {
            "type": "array",
            "items": {
              "$ref": "#/$defs/price"
            }
          },
          "price": {
            "type": "number",
            "minimum": 0
          }
        }
      },
      "examples": [
        {
          "id": "o-1",
          "lines": [
            1.5
          ]
        }
      ],
      "app": "shop",
      "versions": [
        "0.9.0",
        "1.0.0"
      ]
    }
    "##);
}
