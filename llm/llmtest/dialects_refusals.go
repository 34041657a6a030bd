package llmtest

// tooLong: the conversation is more than the model holds.
func tooLong() []refusal {
	const means = "too long"
	return []refusal{
		{"openai-too-long", means, 400, `{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`},
		{"openai-input-exceeds", means, 400, `{"error":{"message":"Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300012 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`},
		{"openai-request-too-large", means, 429, `{"error":{"message":"Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 40012. The input or output tokens must be reduced in order to run successfully.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`},
		{"openai-string-too-long", means, 400, `{"error":{"message":"Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got a string with length 2000000 instead.","type":"invalid_request_error","param":"messages[1].content","code":"string_above_max_length"}}`},
		{"azure-too-long", means, 400, `{"error":{"message":"This model's maximum context length is 16385 tokens. However, you requested 17380 tokens (16380 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`},
		{"anthropic-too-long", means, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210012 tokens > 200000 maximum"}}`},
		{"anthropic-request-too-large", means, 413, `{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}`},
		{"bedrock-too-long", means, 400, `{"message":"Input is too long for requested model."}`},
		{"gemini-too-long", means, 400, `[{"error":{"code":400,"message":"The input token count (1200345) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}]`},
		{"xai-too-long", means, 400, `{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 537812 tokens."}`},
		{"groq-too-long", means, 400, `{"error":{"message":"Please reduce the length of the messages or completion.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`},
		{"groq-request-too-large", means, 413, `{"error":{"message":"Request too large for model ` + "`llama-3.3-70b-versatile`" + ` in organization ` + "`org_x`" + ` service tier ` + "`on_demand`" + ` on tokens per minute (TPM): Limit 6000, Requested 12012, please reduce your message size and try again.","type":"tokens","code":"rate_limit_exceeded"}}`},
		{"together-too-long", means, 422, `{"id":"x","error":{"message":"Input validation error: ` + "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 512 `max_new_tokens`" + `","type":"invalid_request_error","param":"max_tokens","code":null}}`},
		{"tgi-too-long", means, 422, `{"error":"Input validation error: ` + "`inputs` must have less than 4096 tokens. Given: 5012" + `","error_type":"validation"}`},
		{"dashscope-too-long", means, 400, `{"error":{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]","type":"invalid_request_error"},"id":"chatcmpl-1"}`},
		{"deepseek-too-long", means, 400, `{"error":{"message":"This model's maximum context length is 65536 tokens. However, you requested 73728 tokens (65536 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`},
		{"mistral-too-long", means, 400, `{"object":"error","message":"Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","param":null,"code":"3051"}`},
		{"openrouter-too-long", means, 400, `{"error":{"message":"This endpoint's maximum context length is 32768 tokens. However, you requested about 48192 tokens (40000 of text input, 8192 in the output). Please reduce the length of either one, or use the \"middle-out\" transform to compress your prompt automatically.","code":400}}`},
		{"openrouter-provider-too-long", means, 400, `{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"prompt is too long: 210012 tokens > 200000 maximum\"}}","provider_name":"Anthropic"}}}`},
		{"ollama-too-long", means, 400, `{"error":{"message":"the input length exceeds the context length","type":"invalid_request_error","param":null,"code":null}}`},
		{"llamacpp-too-long", means, 400, `{"error":{"code":400,"message":"request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":4390,"n_ctx":4096}}`},
		{"vllm-too-long", means, 400, `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 13012 tokens (4820 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}`},
		{"vllm-decoder-prompt", means, 400, `{"error":{"message":"The decoder prompt (length 5012) is longer than the maximum model length of 4096. Make sure that ` + "`max_model_len`" + ` is no smaller than the number of text tokens.","type":"BadRequestError","param":null,"code":400}}`},
		{"sglang-too-long", means, 400, `{"object":"error","message":"The input (5012 tokens) is longer than the model's context length (4096 tokens).","type":"BadRequestError","param":null,"code":400}`},
		{"lmstudio-too-long", means, 400, `{"error":"Trying to keep the first 5012 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input"}`},
		{"litellm-too-long", means, 400, `{"error":{"message":"litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: OpenAIException - This model's maximum context length is 4096 tokens. However, your messages resulted in 5012 tokens.","type":null,"param":null,"code":"400"}}`},
		{"moonshot-too-long", means, 400, `{"error":{"message":"Invalid request: Your request exceeded model token limit: 8192 (requested: 9012)","type":"invalid_request_error"}}`},
		{"cohere-too-long", means, 400, `{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt."}`},
		{"xml-too-large", means, 400, `<?xml version="1.0"?><Error><Code>ValidationException</Code><Message>Input is too long for requested model.</Message></Error>`},
		{"nginx-too-large", means, 413, "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"},
	}
}

// tooMuch: the question fits, but not together with the answer that it may get.
func tooMuch() []refusal {
	const means = "limit too large"
	return []refusal{
		{"vllm-max-tokens", means, 400, `{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 8292 tokens (100 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}`},
		{"vllm-max-tokens-newer", means, 400, `{"error":{"message":"'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 4096 tokens and your request has 100 input tokens (8192 > 4096 - 100). None","type":"BadRequestError","param":null,"code":400}}`},
		{"sglang-max-tokens", means, 400, `{"object":"error","message":"Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 8292 tokens: 100 tokens from the input messages and 8192 tokens for the completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.","type":"BadRequestError","param":null,"code":400}`},
		{"openai-max-tokens", means, 400, `{"error":{"message":"max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.","type":"invalid_request_error","param":"max_tokens","code":"invalid_value"}}`},
		{"anthropic-max-tokens-allowed", means, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for claude-3-haiku-20240307"}}`},
		{"anthropic-context-limit", means, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"input length and ` + "`max_tokens`" + ` exceed context limit: 196001 + 8192 > 200000, decrease input length or ` + "`max_tokens`" + ` and try again"}}`},
		{"deepseek-max-tokens", means, 400, `{"error":{"message":"Invalid max_tokens value, the valid range of max_tokens is [1, 4096]","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`},
		{"dashscope-max-tokens", means, 400, `{"error":{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 2000]","type":"invalid_request_error"},"id":"chatcmpl-1"}`},
		{"groq-max-tokens", means, 400, `{"error":{"message":"` + "`max_tokens` must be less than or equal to `4096`, the maximum value for `max_tokens` is less than the `context_window` for this model" + `","type":"invalid_request_error","param":"max_tokens"}}`},
		{"gemini-max-tokens-range", means, 400, `[{"error":{"code":400,"message":"Unable to submit request because it has a maxOutputTokens value of 8192 but the supported range is from 1 (inclusive) to 4097 (exclusive). Update the value and try again.","status":"INVALID_ARGUMENT"}}]`},
		{"together-max-tokens", means, 422, `{"id":"x","error":{"message":"Input validation error: ` + "`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 100 `inputs` tokens and 8192 `max_new_tokens`" + `","type":"invalid_request_error","param":"max_tokens","code":null}}`},
		{"openrouter-max-tokens-context", means, 400, `{"error":{"message":"This endpoint's maximum context length is 4096 tokens. However, you requested about 8292 tokens (100 of text input, 8192 in the output). Please reduce the length of either one, or use the \"middle-out\" transform to compress your prompt automatically.","code":400}}`},
		{"openrouter-fewer-max-tokens", means, 402, `{"error":{"message":"This request requires more credits, or fewer max_tokens. You requested up to 8192 tokens, but can only afford 1500. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account","code":402}}`},
	}
}

// noPictures: the model takes none, or not this one.
func noPictures() []refusal {
	const none, bad = "no images", "bad image"
	return []refusal{
		{"openai-no-pictures", none, 400, `{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error","param":"messages.[1].content.[1].type","code":null}}`},
		{"azure-no-pictures", none, 400, `{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error","param":"messages.[1].content.[1].type","code":null}}`},
		{"xai-no-pictures", none, 400, `{"code":"Client specified an invalid argument","error":"Image inputs are not supported by this model."}`},
		{"groq-no-pictures", none, 400, `{"error":{"message":"'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value must be a string)]","type":"invalid_request_error"}}`},
		{"together-no-pictures", none, 400, `{"id":"x","error":{"message":"meta-llama/Llama-3.3-70B-Instruct-Turbo does not support image input","type":"invalid_request_error","param":null,"code":null}}`},
		{"deepseek-no-pictures", none, 400, `{"error":{"message":"Failed to deserialize the JSON body into the target type: messages[1]: unknown variant ` + "`image_url`, expected `text`" + ` at line 1 column 260","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`},
		{"mistral-no-pictures", none, 400, `{"object":"error","message":"Image input is not enabled for this model","type":"invalid_request_invalid_args","param":null,"code":"3051"}`},
		{"openrouter-no-pictures", none, 404, `{"error":{"message":"No endpoints found that support image input","code":404}}`},
		{"llamacpp-no-pictures", none, 500, `{"error":{"code":500,"message":"image input is not supported - hint: if this is unexpected, you may need to provide the mmproj","type":"server_error"}}`},
		{"llamacpp-unsupported-part", none, 500, `{"error":{"code":500,"message":"Failed to parse messages: Unsupported content part type: \"image_url\"; messages = [...]","type":"server_error"}}`},
		{"ollama-no-pictures", none, 500, `{"error":{"message":"this model is missing data required for image input","type":"api_error","param":null,"code":null}}`},
		{"ollama-cloud-no-pictures", none, 400, `{"error":{"message":"this model does not support image input (ref: b8bd630e)","type":"invalid_request_error","param":null,"code":null}}`},
		{"vllm-no-pictures", none, 400, `{"object":"error","message":"facebook/opt-125m is not a multimodal model None","type":"BadRequestError","param":null,"code":400}`},
		{"vllm-no-pictures-allowed", none, 400, `{"error":{"message":"At most 0 image(s) may be provided in one prompt.","type":"BadRequestError","param":null,"code":400}}`},
		{"lmstudio-no-pictures", none, 400, `{"error":"Model does not support images. Please use a model that does."}`},
		{"litellm-no-pictures", none, 400, `{"error":{"message":"litellm.BadRequestError: OpenrouterException - Message: Provider returned error, Metadata: {'raw': '{\"detail\":\"Invalid request. Details: DeepSeek-V3 is not a multimodal model\"}'}","type":null,"param":null,"code":"400"}}`},
		{"tgi-no-pictures", none, 422, `{"detail":[{"type":"string_type","loc":["body","messages",1,"content"],"msg":"Input should be a valid string","input":[]}]}`},
		{"anthropic-picture-too-large", bad, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes"}}`},
		{"anthropic-picture-unread", bad, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"Could not process image"}}`},
		{"openai-picture-unread", bad, 400, `{"error":{"message":"You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].","type":"invalid_request_error","param":null,"code":"invalid_image_format"}}`},
		{"gemini-picture-unread", bad, 400, `[{"error":{"code":400,"message":"Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting","status":"INVALID_ARGUMENT"}}]`},
		{"llamacpp-picture-unread", bad, 400, `{"error":{"code":400,"message":"Failed to load image or audio file","type":"invalid_request_error"}}`},
		{"dashscope-picture-too-small", bad, 400, `{"error":{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.Algo.InvalidParameter: The image length and width do not meet the model restrictions. [height:1 or width:1 must be larger than 10]","type":"invalid_request_error"}}`},
	}
}
