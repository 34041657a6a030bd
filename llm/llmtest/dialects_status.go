package llmtest

// filtered: the provider does not allow the question.
func filtered() []refusal {
	const means = "moderated"
	return []refusal{
		{"openai-policy", means, 400, `{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}`},
		{"azure-policy", means, 400, `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}`},
		{"xai-policy", means, 403, `{"code":"The caller does not have permission to execute the specified operation","error":"Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}`},
		{"deepseek-policy", means, 400, `{"error":{"message":"Content Exists Risk","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`},
		{"dashscope-policy", means, 400, `{"error":{"code":"data_inspection_failed","param":null,"message":"Input data may contain inappropriate content.","type":"data_inspection_failed"},"id":"chatcmpl-1"}`},
		{"openrouter-policy", means, 403, `{"error":{"message":"openai/gpt-4o requires moderation on OpenAI. Your input was flagged for \"violence\". No credits were charged.","code":403,"metadata":{"reasons":["violence"],"flagged_input":"...","provider_name":"OpenAI"}}}`},
		{"litellm-policy", means, 400, `{"error":{"message":"litellm.ContentPolicyViolationError: AzureException - The response was filtered","type":null,"param":null,"code":"400"}}`},
		{"zhipu-policy", means, 400, `{"contentFilter":[{"level":1,"role":"user"}],"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。"}}`},
	}
}

// notNow: the same question may be answered in a while.
func notNow() []refusal {
	const busy, day = "busy", "quota of the day"
	quota := func(id, delay string) string {
		return `{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"` + id + `","quotaDimensions":{"location":"global","model":"gemini-2.5-flash"},"quotaValue":"10"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"` + delay + `"}]}}`
	}
	return []refusal{
		{"openai-minute", busy, 429, `{"error":{"message":"Rate limit reached for gpt-4o-mini in organization org-x on requests per min (RPM): Limit 500, Used 500, Requested 1. Please try again in 1.35s. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"requests","param":null,"code":"rate_limit_exceeded"}}`},
		{"azure-minute", busy, 429, `{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 26 seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."}}`},
		{"wait-2-anthropic-minute", busy, 429, `{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization's rate limit of 50 requests per minute."}}`},
		{"anthropic-overloaded", busy, 529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`},
		{"gemini-minute-quota", busy, 429, quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "2s")},
		{"gemini-minute-quota-list", busy, 429, "[" + quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "2s") + "]"},
		{"gemini-day-quota", day, 429, quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "41s")},
		{"gemini-exhausted", busy, 429, `[{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}]`},
		{"gemini-overloaded", busy, 503, `[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]`},
		{"groq-minute", busy, 429, `{"error":{"message":"Rate limit reached for model ` + "`llama-3.3-70b-versatile`" + ` in organization ` + "`org_x`" + ` service tier ` + "`on_demand`" + ` on tokens per minute (TPM): Limit 12000, Used 11012, Requested 2519. Please try again in 7.66s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing","type":"tokens","code":"rate_limit_exceeded"}}`},
		{"groq-day-quota", day, 429, `{"error":{"message":"Rate limit reached for model ` + "`llama-3.3-70b-versatile`" + ` in organization ` + "`org_x`" + ` service tier ` + "`on_demand`" + ` on tokens per day (TPD): Limit 100000, Used 99842, Requested 1210. Please try again in 15m8.928s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing","type":"tokens","code":"rate_limit_exceeded"}}`},
		{"openrouter-day-quota", day, 429, `{"error":{"message":"Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1767225600000"},"provider_name":null}}}`},
		{"openrouter-upstream-busy", busy, 429, `{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"deepseek/deepseek-r1:free is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits","provider_name":"Chutes"}}}`},
		{"mistral-capacity", busy, 429, `{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error","param":null,"code":"3505"}`},
		{"dashscope-throttling", busy, 429, `{"error":{"message":"Requests rate limit exceeded, please try again later.","type":"limit_requests","param":null,"code":"limit_requests"}}`},
		{"together-overloaded", busy, 503, `{"id":"x","error":{"message":"The server is overloaded or not ready yet.","type":"service_unavailable","param":null,"code":null}}`},
		{"tgi-overloaded", busy, 429, `{"error":"Model is overloaded","error_type":"overloaded"}`},
		{"llamacpp-loading", busy, 503, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`},
		{"ollama-overloaded", busy, 503, `{"error":{"message":"server busy, please try again. maximum pending requests exceeded","type":"api_error","param":null,"code":null}}`},
		{"litellm-busy", busy, 429, `{"error":{"message":"No deployments available for selected model, Try again in 60 seconds. Passed model=gpt-4o.","type":"None","param":"None","code":"429"}}`},
		{"xai-busy", busy, 429, `{"code":"Some resource has been exhausted","error":"Too many requests for team x and model grok-4."}`},
		{"deepseek-busy", busy, 503, `{"error":{"message":"Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.","type":"service_unavailable_error","param":null,"code":"service_unavailable_error"}}`},
		{"gateway-timeout", "timed out", 504, "<html><head><title>504 Gateway Time-out</title></head><body><center><h1>504 Gateway Time-out</h1></center></body></html>"},
		{"cloudflare-timeout", "timed out", 524, "<!DOCTYPE html>\n<html><head><title>api.example.com | 524: A timeout occurred</title></head><body>vision</body></html>"},
		{"openrouter-timeout", "timed out", 408, `{"error":{"message":"Your request timed out","code":408}}`},
		{"gemini-deadline", "timed out", 504, `[{"error":{"code":504,"message":"The request timed out. Please try again.","status":"DEADLINE_EXCEEDED"}}]`},
		{"openai-server-error", "trouble", 500, `{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}`},
		{"azure-not-provisioned", "trouble", 503, `{"error":{"code":"ServiceUnavailable","message":"The provisioned deployment is restarting."}}`},
		{"cloudflare-bad-gateway", "trouble", 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>vision image_url</body>\r\n</html>\r\n"},
	}
}

// notEver: somebody has to change something first.
func notEver() []refusal {
	const key, credit, model, permission, bad = "bad key", "no credit", "unknown model", "no permission", "bad request"
	return []refusal{
		{"openai-key", key, 401, `{"error":{"message":"Incorrect API key provided: sk-x. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}`},
		{"azure-key", key, 401, `{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}`},
		{"anthropic-key", key, 401, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`},
		{"gemini-key", key, 400, `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}}]}}]`},
		{"xai-key", key, 400, `{"code":"Client specified an invalid argument","error":"Incorrect API key provided: x. You can obtain an API key from https://console.x.ai."}`},
		{"openrouter-key", key, 401, `{"error":{"message":"No auth credentials found","code":401}}`},
		{"mistral-key", key, 401, `{"detail":"Unauthorized"}`},
		{"litellm-key", key, 401, `{"error":{"message":"Authentication Error, Invalid proxy server token passed.","type":"auth_error","param":"None","code":"401"}}`},
		{"litellm-key-without-database", key, 400, `{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}`},
		{"vllm-key", key, 401, `{"error":"Unauthorized"}`},
		{"openai-credit", credit, 429, `{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`},
		{"openai-hard-limit", credit, 400, `{"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","param":null,"code":"billing_hard_limit_reached"}}`},
		{"anthropic-credit", credit, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}`},
		{"deepseek-credit", credit, 402, `{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}`},
		{"dashscope-credit", credit, 400, `{"error":{"code":"Arrearage","param":null,"message":"Access denied, please make sure your account is in good standing.","type":"Arrearage"}}`},
		{"dashscope-free-tier", credit, 403, `{"error":{"code":"AllocationQuota.FreeTierOnly","param":null,"message":"The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, please disable the \"use free tier only\" mode in the management console.","type":"AllocationQuota.FreeTierOnly"}}`},
		{"xai-credit", credit, 429, `{"code":"Some resource has been exhausted","error":"Your team x has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit."}`},
		{"openrouter-credit", credit, 402, `{"error":{"message":"Insufficient credits. Add more using https://openrouter.ai/settings/credits","code":402}}`},
		{"litellm-credit", credit, 400, `{"error":{"message":"Budget has been exceeded! Current cost: 12.0, Max budget: 10.0","type":"budget_exceeded","param":null,"code":"400"}}`},
		{"litellm-credit-422", credit, 422, `{"error":{"message":"Budget has been exceeded! Current cost: 12.0, Max budget: 10.0","type":"budget_exceeded","param":null,"code":"422"}}`},
		{"together-credit", credit, 402, `{"id":"x","error":{"message":"Credit limit exceeded, please navigate to https://api.together.ai/settings/billing to add credit","type":"credit_limit","param":null,"code":null}}`},
		{"openai-model", model, 404, `{"error":{"message":"The model ` + "`nope`" + ` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}`},
		{"azure-model", model, 404, `{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."}}`},
		{"anthropic-model", model, 404, `{"type":"error","error":{"type":"not_found_error","message":"model: claude-nope"}}`},
		{"gemini-model", model, 404, `[{"error":{"code":404,"message":"models/nope is not found for API version v1main, or is not supported for generateContent.","status":"NOT_FOUND"}}]`},
		{"groq-model", model, 400, `{"error":{"message":"The model ` + "`llama3-70b-8192`" + ` has been decommissioned and is no longer supported. Please refer to https://console.groq.com/docs/deprecations for a recommendation on which model to use instead.","type":"invalid_request_error","code":"model_decommissioned"}}`},
		{"deepseek-model", model, 400, `{"error":{"message":"Model Not Exist","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}`},
		{"mistral-model", model, 400, `{"object":"error","message":"Invalid model: nope","type":"invalid_model","param":null,"code":"1500"}`},
		{"openrouter-model", model, 400, `{"error":{"message":"nope is not a valid model ID","code":400},"user_id":"x"}`},
		{"ollama-model", model, 404, `{"error":{"message":"model \"nope\" not found, try pulling it first","type":"api_error","param":null,"code":null}}`},
		{"vllm-model", model, 404, `{"object":"error","message":"The model ` + "`nope`" + ` does not exist.","type":"NotFoundError","param":null,"code":404}`},
		{"lmstudio-model", model, 400, `{"error":{"message":"No models loaded. Please load a model in the developer page or use the 'lms load' command.","type":"invalid_request_error","param":"model","code":"model_not_found"}}`},
		{"litellm-model", model, 400, `{"error":{"message":"/chat/completions: Invalid model name passed in model=nope. Call ` + "`/v1/models`" + ` to view available models for your key.","type":"invalid_request_error","param":"model","code":"400"}}`},
		{"openai-region", permission, 403, `{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","param":null,"type":"request_forbidden"}}`},
		{"gemini-region", permission, 400, `[{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}]`},
		{"anthropic-permission", permission, 403, `{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."}}`},
		{"azure-not-supported", bad, 400, `{"error":{"message":"The provisioned model does not take this option.","type":"invalid_request_error","param":null,"code":null}}`},
		{"mistral-detail", bad, 422, `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","safe"],"msg":"Extra inputs are not permitted","input":true}]},"type":"invalid_request_error","param":null,"code":null}`},
	}
}
