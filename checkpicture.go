package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"feedbackbot/bot"
	"feedbackbot/llm"
)

// checkPicture asks the model about a picture, where people may attach them.
func checkPicture(offered bool, model string, ask func(what string, question llm.Message) bot.Finding) []bot.Finding {
	if !offered {
		return nil
	}
	picture := llm.Image{Type: "image/png", Data: bluePicture()}
	return []bot.Finding{ask(model+" with a picture", llm.Message{Content: "Which colour is this? Reply with one word.", Images: []llm.Image{picture}})}
}

// bluePicture is large enough for models that refuse tiny ones.
func bluePicture() []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.RGBA{B: 255, A: 255}), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic(err) // our own picture, into memory
	}
	return out.Bytes()
}
