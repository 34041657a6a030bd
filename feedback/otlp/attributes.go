package otlp

import (
	"slices"
	"strings"

	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
)

// String is an attribute with a text. What is not UTF-8 in it is replaced:
// protobuf takes no other.
func String(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: text(value)}
}

// Int is an attribute with a number.
func Int(key string, value int64) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: value}}}
}

// Float is an attribute with a number.
func Float(key string, value float64) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: value}}}
}

// Strings is an attribute with a list of texts.
func Strings(key string, values ...string) *commonpb.KeyValue {
	list := &commonpb.ArrayValue{}
	for _, value := range values {
		list.Values = append(list.Values, text(value))
	}
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: list}}}
}

func text(value string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: strings.ToValidUTF8(value, "�")}}
}

// present leaves out the attributes without a value: an empty text or list, and
// 0, which stands for what is not known.
func present(list []*commonpb.KeyValue) []*commonpb.KeyValue {
	return slices.DeleteFunc(list, func(kv *commonpb.KeyValue) bool {
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			return v.StringValue == ""
		case *commonpb.AnyValue_IntValue:
			return v.IntValue == 0
		case *commonpb.AnyValue_DoubleValue:
			return v.DoubleValue == 0
		case *commonpb.AnyValue_ArrayValue:
			return len(v.ArrayValue.Values) == 0
		}
		return false
	})
}
